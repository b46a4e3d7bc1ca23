import { BusError } from "../../error/bus-error.ts";
import { parseJson } from "../../event/parse-json.ts";
import { loadOptional } from "../../runtime/optional-package.ts";
import { loadTraceCodec, type TraceCodec } from "../../telemetry/otlp/protobuf.ts";
import { mediaTypeOf } from "../http/body.ts";
import { Refusal } from "../http/refusal.ts";

/** What a partial success tells the exporter; absent where every span was taken. */
export interface PartialSuccess {
  readonly rejectedSpans: number;
  readonly errorMessage: string;
}

/** One of the two forms of OTLP over HTTP: an answer has the form of its request. */
export interface OtlpEncoding {
  readonly mediaType: string;
  /** A request in the shape of its JSON form. Throws `invalid_config`. */
  decode(bytes: Uint8Array): unknown;
  response(partialSuccess: PartialSuccess | undefined): Uint8Array;
  status(status: { readonly code: number; readonly message: string }): Uint8Array;
}

const json: OtlpEncoding = {
  mediaType: "application/json",
  decode: (bytes) => parseJson(utf8(bytes), "the body", "invalid_config"),
  // A 64-bit number is a text in the JSON form.
  response: (partial) =>
    toJson(
      partial === undefined ? {} : { partialSuccess: { ...partial, rejectedSpans: String(partial.rejectedSpans) } },
    ),
  status: toJson,
};

let codec: Promise<TraceCodec> | undefined;

/** The encoding of a request. Rejects with `unsupported_media_type`, and with `invalid_config` where a package is missing. */
export async function encodingOf(request: Request): Promise<OtlpEncoding> {
  const type = mediaTypeOf(request);
  if (type === "application/json") return json;
  if (type !== "application/x-protobuf") {
    throw new Refusal(
      "unsupported_media_type",
      `spans cannot be read from ${type === "" ? "a body without content-type" : type}; send application/x-protobuf or application/json`,
    );
  }
  codec ??= loadOptional(loadTraceCodec, "OTLP in its binary form", "protobufjs");
  // Once the package is installed the next request finds it.
  codec.catch(() => {
    codec = undefined;
  });
  return binary(type, await codec);
}

function binary(mediaType: string, { decodeRequest, encodeResponse, encodeStatus }: TraceCodec): OtlpEncoding {
  return {
    mediaType,
    decode: (bytes) => {
      try {
        return decodeRequest(bytes);
      } catch (cause) {
        throw new BusError("invalid_config", "the body is no OTLP request in its binary form", { cause });
      }
    },
    response: encodeResponse,
    status: encodeStatus,
  };
}

function toJson(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new BusError("invalid_config", "the body is not UTF-8; send text as UTF-8", { cause });
  }
}
