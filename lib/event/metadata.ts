import { BusError } from "../error/bus-error.ts";
import { checkDeliverAt } from "./deliver-at.ts";
import type { DraftMetadata, Event, EventMetadata } from "./event.ts";
import { eventIdNames } from "./event.ts";
import { didYouMean } from "./nearest.ts";
import { formatPath } from "./path.ts";
import { normalizeTime } from "./time.ts";
import { type EventName, fieldError, invalidField } from "./validate.ts";

const defaultPriority = 5;
/** Tags that an event has at most. */
export const maxTags = 50;
const maxTagLength = 256;
/** Ids seen in real runs have up to 160 characters; 512 leaves room and bounds the size of metadata. */
const maxIdLength = 512;
const maxTracestateLength = 512;
/** Of {@link EventMetadata.hops}; a longer row stays there. */
const maxHops = 1_000_000;
/** An upper bound on metadata without tags as JSON: nine ids with at most six bytes per character, and the rest. */
export const metadataBytesAtMost = 10 * maxIdLength * 6 + 4_096;

const control = /\p{Cc}/u;
const traceparentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?<later>-.*)?$/;
const printableAscii = /^[\x20-\x7e]+$/;

const names = new Set<string>([
  "version",
  "correlationId",
  "causationId",
  "hops",
  ...eventIdNames,
  "priority",
  "expiresAt",
  "deliverAt",
  "tags",
  "traceparent",
  "tracestate",
] satisfies (keyof DraftMetadata)[]);

const none: DraftMetadata = Object.freeze({});

/** What only the engine sets: the mark of replayed deliveries, and that of erased data. */
const marks = ["replay", "erased"] as const satisfies readonly (keyof EventMetadata)[];

/** All fields of metadata: those of a publisher, and the marks of the engine. */
export const metadataNames: ReadonlySet<string> = new Set([...names, ...marks]);

/** Where missing metadata comes from. */
export interface MetadataContext {
  readonly event: EventName;
  readonly id: string;
  /** The version of the draft, or of the definition if the draft has none. */
  readonly version: number;
  readonly cause: Event | undefined;
  /** When the event is to be delivered, where the publish itself says so. */
  readonly deliverAt: string | Date | undefined;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * Validates a draft's metadata, fills in what it omits and freezes the result. The flow, the causation id and the trace
 * come from the cause. A draft with a traceparent does not inherit a tracestate. A field that is `undefined` counts as
 * omitted.
 */
export function prepareMetadata(given: unknown, context: MetadataContext): Readonly<EventMetadata> {
  const { event, cause } = context;
  const draft = given === undefined ? none : checkNames(given, event);
  // The required fields come first, always in the same order, so that events share a few hidden classes. Each field of the
  // draft is read once, because a getter could return another value after the check.
  const metadata: EventMetadata = {
    version: context.version,
    correlationId: checkId(draft.correlationId, "correlationId", event) ?? cause?.metadata.correlationId ?? context.id,
    priority: checkPriority(draft.priority, event),
  };
  const causationId = checkId(draft.causationId, "causationId", event) ?? cause?.id;
  if (causationId !== undefined) metadata.causationId = causationId;
  const hops = checkHops(draft.hops, event) ?? (cause === undefined ? 0 : nextHops(cause));
  // Absent rather than 0, so that what no handler published has the metadata that it was given.
  if (hops !== 0) metadata.hops = hops;
  if (draft !== none) copyOptional(draft, metadata, context);
  else if (context.deliverAt !== undefined) setDeliverAt(undefined, metadata, context);
  const traceparent = checkTraceparent(draft.traceparent, event);
  const tracestate = checkTracestate(draft.tracestate, event);
  if (traceparent === undefined && tracestate !== undefined) {
    throw fieldError(event, "metadata.tracestate", "requires metadata.traceparent; add it");
  }
  const trace = traceparent === undefined ? cause?.metadata : { traceparent, tracestate };
  if (trace?.traceparent !== undefined) metadata.traceparent = trace.traceparent;
  if (trace?.tracestate !== undefined) metadata.tracestate = trace.tracestate;
  // An event published by the handler of a replayed delivery is new, and carries the mark of the replay.
  if (cause?.metadata.replay !== undefined) metadata.replay = cause.metadata.replay;
  return Object.freeze(metadata);
}

function checkNames(given: unknown, event: EventName): DraftMetadata {
  if (!isObject(given)) throw invalidField(event, "metadata", given, "an object");
  for (const name of Object.keys(given)) {
    if (names.has(name) || Reflect.get(given, name) === undefined) continue;
    if (name === "replay") {
      throw fieldError(event, "metadata.replay", "is set by the engine, on replayed deliveries only; remove it");
    }
    if (name === "erased") {
      throw fieldError(
        event,
        "metadata.erased",
        "is set by the engine, where the data of an event was erased; remove it",
      );
    }
    const path = formatPath("metadata", [name]);
    throw new BusError(
      "invalid_event",
      `${event.type} from ${event.source}: unknown field ${path}${didYouMean(name, names, "put your own fields into data or tags")}`,
      { details: { path } },
    );
  }
  return given;
}

function isObject(given: unknown): given is DraftMetadata & { replay?: unknown } {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}

function copyOptional(draft: DraftMetadata, metadata: EventMetadata, context: MetadataContext): void {
  const { event } = context;
  for (const name of eventIdNames) {
    const id = checkId(draft[name], name, event);
    if (id !== undefined) metadata[name] = id;
  }
  const expiresAt = checkTime(draft.expiresAt, event);
  if (expiresAt !== undefined) metadata.expiresAt = expiresAt;
  setDeliverAt(draft.deliverAt, metadata, context);
  const tags = checkTags(draft.tags, event);
  if (tags !== undefined) metadata.tags = tags;
}

/** By the metadata of the draft, or by the publish; not by both. */
function setDeliverAt(given: unknown, metadata: EventMetadata, context: MetadataContext): void {
  const { event, deliverAt } = context;
  const path = "metadata.deliverAt";
  if (given === undefined && deliverAt === undefined) return;
  if (given !== undefined && deliverAt !== undefined) {
    throw fieldError(event, path, "conflicts with `delay` or `deliverAt` of the publish; give one of them");
  }
  if (given instanceof Date) throw invalidField(event, path, given, "a string; use `.toISOString()`");
  const at = checkDeliverAt(given ?? deliverAt, given === undefined ? "deliverAt" : path, event, context.now());
  if (metadata.expiresAt !== undefined && Date.parse(metadata.expiresAt) <= Date.parse(at)) {
    throw invalidField(event, "metadata.expiresAt", metadata.expiresAt, `a time after deliverAt, which is ${at}`);
  }
  metadata.deliverAt = at;
}

function checkId(id: unknown, name: string, event: EventName): string | undefined {
  if (id === undefined) return undefined;
  if (isText(id, maxIdLength)) return id;
  throw invalidField(
    event,
    `metadata.${name}`,
    id,
    `a string of 1 to ${maxIdLength} characters without control characters`,
  );
}

/**
 * Whether a value is a string of 1 to `maxLength` characters that every engine supports: well formed, without control
 * characters.
 */
export function isText(value: unknown, maxLength: number): value is string {
  return (
    typeof value === "string" &&
    value.length > 0 &&
    value.length <= maxLength &&
    value.isWellFormed() &&
    !control.test(value)
  );
}

function checkHops(hops: unknown, event: EventName): number | undefined {
  if (hops === undefined) return undefined;
  if (typeof hops === "number" && Number.isInteger(hops) && hops >= 0 && hops <= maxHops) return hops;
  throw invalidField(event, "metadata.hops", hops, `an integer from 0 to ${maxHops}`);
}

function nextHops({ metadata: { hops = 0 } }: Event): number {
  return Math.min(hops + 1, maxHops);
}

function checkPriority(priority: unknown, event: EventName): number {
  if (priority === undefined) return defaultPriority;
  if (typeof priority === "number" && Number.isInteger(priority) && priority >= 1 && priority <= 10) return priority;
  throw invalidField(event, "metadata.priority", priority, "an integer from 1 (most urgent) to 10");
}

function checkTime(time: unknown, event: EventName): string | undefined {
  if (time === undefined) return undefined;
  const normal = typeof time === "string" ? normalizeTime(time) : undefined;
  if (normal !== undefined) return normal;
  throw invalidField(
    event,
    "metadata.expiresAt",
    time,
    "an RFC 3339 time with an offset, such as 2026-01-31T12:00:00Z",
  );
}

function checkTags(tags: unknown, event: EventName): readonly string[] | undefined {
  if (tags === undefined) return undefined;
  if (!Array.isArray(tags) || tags.length > maxTags) {
    throw invalidField(event, "metadata.tags", tags, `a list of at most ${maxTags} strings`);
  }
  const copy: string[] = [];
  for (const [index, tag] of tags.entries()) {
    if (!isText(tag, maxTagLength)) {
      throw invalidField(
        event,
        `metadata.tags[${index}]`,
        tag,
        `a string of 1 to ${maxTagLength} characters without control characters`,
      );
    }
    copy.push(tag);
  }
  return Object.freeze(copy);
}

function checkTraceparent(value: unknown, event: EventName): string | undefined {
  if (value === undefined) return undefined;
  const match = typeof value === "string" && value.length <= maxIdLength ? traceparentForm.exec(value) : null;
  // Version 00 ends after the flags; later versions may append more, which is kept.
  if (match !== null && typeof value === "string" && !(value.startsWith("00") && match.groups?.later)) return value;
  throw invalidField(
    event,
    "metadata.traceparent",
    value,
    "a W3C traceparent such as 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  );
}

function checkTracestate(value: unknown, event: EventName): string | undefined {
  if (value === undefined) return undefined;
  const fits = typeof value === "string" && value.length <= maxTracestateLength && printableAscii.test(value);
  if (fits && value.includes("=")) return value;
  throw invalidField(
    event,
    "metadata.tracestate",
    value,
    `a W3C tracestate such as vendor=value, of at most ${maxTracestateLength} characters`,
  );
}
