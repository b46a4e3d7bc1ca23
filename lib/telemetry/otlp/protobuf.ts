import type * as Protobuf from "protobufjs";
import descriptor from "./trace-service.ts";

/** What one side of the binary form needs; the package `protobufjs` has to be there. */
export interface TraceCodec {
  /** A request in the shape that its JSON form has. Throws what `protobufjs` throws for bytes that are none. */
  decodeRequest(bytes: Uint8Array): unknown;
  /** The answer to a request, in its binary form. */
  encodeResponse(response: { readonly rejectedSpans: number; readonly errorMessage: string } | undefined): Uint8Array;
  /** The body of an answer with an error: `google.rpc.Status`. */
  encodeStatus(status: { readonly code: number; readonly message: string }): Uint8Array;
}

/** Loads the codec. Rejects where `protobufjs` is missing. */
export async function loadTraceCodec(): Promise<TraceCodec> {
  const { default: protobuf } = await import("protobufjs");
  const root = protobuf.Root.fromJSON(descriptor);
  const request = root.lookupType("TraceRequest");
  const response = root.lookupType("TraceResponse");
  const status = root.lookupType("Status");
  return {
    decodeRequest: (bytes) => withHexIds(request.toObject(request.decode(bytes), toObject)),
    encodeResponse: (partialSuccess) =>
      response.encode(response.fromObject(partialSuccess === undefined ? {} : { partialSuccess })).finish(),
    encodeStatus: (given) => status.encode(status.fromObject({ ...given })).finish(),
  };
}

const toObject: Protobuf.IConversionOptions = { longs: String, arrays: true };
const idNames: ReadonlySet<string> = new Set(["traceId", "spanId", "parentSpanId"]);

/** The JSON form has ids in hex; other bytes are in none of the fields that are read. */
function withHexIds(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(withHexIds);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]): [string, unknown] =>
      inner instanceof Uint8Array && idNames.has(name)
        ? [name, Buffer.from(inner).toString("hex")]
        : [name, withHexIds(inner)],
    ),
  );
}
