import { toCloudEvent } from "../../../event/cloud-events/from-event.ts";
import { fromAttributes, fromStructured } from "../../../event/cloud-events/to-draft.ts";
import type { Event } from "../../../event/event.ts";
import { parseJson } from "../../../event/parse-json.ts";

// CloudEvents' binding for Kafka 1.0. In binary mode, which is written, the attributes are headers with the prefix `ce_` and the
// value is the data. In structured mode, which is read as well, the value is the whole event.

const prefix = "ce_";
const mediaTypeHeader = "content-type";
/** The metadata as they are: attributes cannot carry lists. Other readers ignore it. */
const metadataHeader = "waggle-metadata";

/** The value in binary mode. */
export function cloudEventValue({ data }: Event): string {
  return JSON.stringify(data);
}

/** The headers in binary mode. */
export function cloudEventHeaders(event: Event): (readonly [string, string])[] {
  const { data: _data, datacontenttype, ...attributes } = toCloudEvent(event);
  return [
    [mediaTypeHeader, String(datacontenttype)],
    ...Object.entries(attributes).map(([name, value]) => [prefix + name, String(value)] as const),
    [metadataHeader, JSON.stringify(event.metadata)],
  ];
}

/** The draft of a record of this binding; `undefined` where it is none. Throws `invalid_event`. */
export function fromCloudEvent(headers: ReadonlyMap<string, string>, value: string): unknown {
  const mediaType = headers.get(mediaTypeHeader) ?? "";
  if (mediaType.toLowerCase().startsWith("application/cloudevents+json")) {
    return fromStructured(parseJson(value, "the value", "invalid_event"));
  }
  if (!headers.has(`${prefix}specversion`)) return undefined;
  const attributes = [...headers].flatMap(([name, text]): [string, string][] =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), text]] : [],
  );
  const draft = fromAttributes(attributes, mediaType === "" ? "application/json" : mediaType, value);
  const metadata = headers.get(metadataHeader);
  if (metadata === undefined || typeof draft !== "object") return draft;
  return { ...draft, metadata: parseJson(metadata, `the header ${metadataHeader}`, "invalid_event") };
}
