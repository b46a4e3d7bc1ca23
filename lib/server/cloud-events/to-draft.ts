import { BusError } from "../../error/bus-error.ts";
import { fromAttributes } from "../../event/cloud-events/to-draft.ts";
import type { JsonLoss } from "../../event/exact-json.ts";
import { parseLossyJson } from "../../event/parse-json.ts";

/** Whether a request is a CloudEvent in binary mode: its attributes are headers, its data the body. */
export function isBinary(request: Request): boolean {
  return request.headers.has("ce-specversion");
}

/** The CloudEvents of a batch, and what JSON would change of them. Throws `invalid_event`: it must be a list. */
export function fromBatch(text: string): {
  readonly value: readonly unknown[];
  readonly losses: readonly JsonLoss[];
} {
  const { value, losses } = parseLossyJson(text, "the body", "invalid_event");
  if (Array.isArray(value)) return { value, losses };
  throw new BusError(
    "invalid_event",
    "the CloudEvent cannot be published: a batch must be a list; send one event as application/cloudevents+json",
    { details: {} },
  );
}

/** The draft of a CloudEvent in binary mode. Throws `invalid_event`. */
export function fromBinary(headers: Headers, mediaType: string, body: string): unknown {
  const attributes = [...headers].flatMap(([name, value]): [string, string][] =>
    name.startsWith("ce-") ? [[name.slice(3), decode(name, value)]] : [],
  );
  return fromAttributes(attributes, mediaType, body);
}

/** Values of headers are percent-encoded where they are not printable ASCII. */
function decode(name: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (cause) {
    throw new BusError("invalid_event", `the header ${name} is not percent-encoded as CloudEvents require`, { cause });
  }
}
