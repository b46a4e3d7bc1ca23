import { BusError, type BusErrorCode } from "../../error/bus-error.ts";
import { parseJson } from "../../event/parse-json.ts";
import { Refusal } from "./refusal.ts";

/** The media type of a request's body in lower case, without its parameters; empty where there is none. */
export function mediaTypeOf(request: Request): string {
  return (request.headers.get("content-type")?.split(";", 1)[0] ?? "").trim().toLowerCase();
}

/**
 * Reads a body as text, at most `limit` bytes. Rejects with `request_too_large` as soon as there are more, with
 * `unsupported_media_type` for what is not plain UTF-8, with `code` for bytes that are no UTF-8.
 */
export async function readText(request: Request, limit: number, code: BusErrorCode): Promise<string> {
  checkCharset(request);
  const bytes = await readBytes(request, limit);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new BusError(code, "the body is not UTF-8; send text as UTF-8", { cause });
  }
}

/**
 * Reads a body, at most `limit` bytes of it, unpacked too where `gzip` allows that encoding. Rejects with `request_too_large` as soon as
 * there are more, with `unsupported_media_type` for any other encoding, with `invalid_config` for what is no gzip.
 */
export async function readBytes(
  request: Request,
  limit: number,
  { gzip = false }: { readonly gzip?: boolean } = {},
): Promise<Uint8Array> {
  const encoding = request.headers.get("content-encoding")?.toLowerCase() ?? "identity";
  const packed = gzip && encoding === "gzip";
  if (encoding !== "identity" && !packed) {
    throw new Refusal(
      "unsupported_media_type",
      `the content-encoding ${encoding} is not supported; send the body as it is${gzip ? ", or in gzip" : ""}`,
    );
  }
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > limit) throw tooLarge(limit);
  if (request.body === null) return new Uint8Array();
  if (!packed) return collect(request.body, limit);
  try {
    // The limit holds for what comes out, as little as may come in.
    return await collect(request.body.pipeThrough(new DecompressionStream("gzip")), limit);
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new BusError("invalid_config", "the body is no gzip, though its content-encoding says so", { cause });
  }
}

async function collect(body: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads a JSON body; `unsupported_media_type` where it is declared as anything else. A request without a body is `whenEmpty`, where that is
 * given.
 */
export async function readJson(
  request: Request,
  limit: number,
  code: BusErrorCode,
  whenEmpty?: unknown,
): Promise<unknown> {
  const type = mediaTypeOf(request);
  const mayBeEmpty = whenEmpty !== undefined && (type === "" || type === "application/json");
  const text = mayBeEmpty ? await readText(request, limit, code) : undefined;
  if (text === "") return whenEmpty;
  if (type !== "application/json") {
    throw new Refusal(
      "unsupported_media_type",
      `the body has ${type === "" ? "no content-type" : `the content-type ${type}`}; send application/json`,
    );
  }
  return parseJson(text ?? (await readText(request, limit, code)), "the body", code);
}

function checkCharset(request: Request): void {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(request.headers.get("content-type") ?? "")?.[1];
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    throw new Refusal("unsupported_media_type", `the charset ${charset} is not supported; send UTF-8`);
  }
}

function tooLarge(limit: number): Refusal {
  return new Refusal(
    "request_too_large",
    `the body has more than the ${limit} bytes that this server takes; send less at once`,
    {
      details: { limit },
      // The rest of the body is not read.
      headers: { connection: "close" },
    },
  );
}
