import { eventIdNames } from "../event.ts";

/**
 * The extension attribute of each field of an event's metadata: its name in lower case, since CloudEvents allow no other; the
 * registered extension where there is one (`expirytime`, `traceparent`, `tracestate`).
 */
export const attributeOf = {
  version: "dataversion",
  correlationId: "correlationid",
  causationId: "causationid",
  hops: "causationhops",
  priority: "priority",
  expiresAt: "expirytime",
  deliverAt: "deliverat",
  traceparent: "traceparent",
  tracestate: "tracestate",
  ...Object.fromEntries(eventIdNames.map((name) => [name, name.toLowerCase()])),
} as const satisfies Readonly<Record<string, string>>;

/** The field that an attribute stands for. */
export const fieldOf: ReadonlyMap<string, string> = new Map(
  Object.entries(attributeOf).map(([field, attribute]) => [attribute, field]),
);

/** Attributes that are no extension. */
export const coreAttributes: ReadonlySet<string> = new Set([
  "specversion",
  "id",
  "source",
  "type",
  "time",
  "subject",
  "datacontenttype",
  "dataschema",
  "data",
  "data_base64",
]);

/** An attribute without a field of its own, `subject` among them, is kept as a tag of this form. */
export const tagPrefix = "ce-";

/** What a CloudEvent carries in attributes. The specification's own rule for names. */
export const attributeName = /^[a-z0-9]{1,128}$/;
