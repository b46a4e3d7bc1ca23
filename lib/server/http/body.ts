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
  checkEncoding(request);
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > limit) throw tooLarge(limit);
  if (request.body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new BusError(code, "the body is not UTF-8; send text as UTF-8", { cause });
  }
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

function checkEncoding(request: Request): void {
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") {
    throw new Refusal(
      "unsupported_media_type",
      `the content-encoding ${encoding} is not supported; send the body as it is`,
    );
  }
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
