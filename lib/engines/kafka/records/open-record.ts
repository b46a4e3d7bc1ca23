import { BusError, toBusError } from "../../../error/bus-error.ts";
import type { Catalog } from "../../../event/catalog.ts";
import type { EventDefinition } from "../../../event/definition.ts";
import type { Event } from "../../../event/event.ts";
import { parseJson } from "../../../event/parse-json.ts";
import { prepareEvent } from "../../../event/prepare.ts";
import { formatTime } from "../../../event/time.ts";
import { isRecord } from "../../../runtime/is-record.ts";
import { fromCloudEvent } from "./cloud-event.ts";
import { fromEnvelope, isEnvelope } from "./envelope.ts";
import { type Mark, markHeader, readMark } from "./mark.ts";

/** A record as it was fetched. */
export interface FetchedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly headers: ReadonlyMap<string, string>;
  /** `undefined`: a tombstone. */
  readonly value: string | undefined;
}

/** What a record brings: an event, or why it is none, with as much of it as can be kept. */
export type OpenedRecord =
  | { readonly ok: true; readonly event: Event; readonly mark: Mark }
  | { readonly ok: false; readonly error: BusError; readonly event: Event };

/** By how much the clocks of a publisher and of this machine may differ. */
const clockSkewMs = 600_000;

/**
 * Reads a record: an envelope, or a CloudEvent in either mode. What it lacks is filled in: the id from its place in the topic,
 * the time from its timestamp, correlation id = its id, version 1, priority 5. Its data are validated where the catalog has its
 * type and version; a publisher that was deployed before this reader may know more than it, so others pass by their shape.
 * Never throws.
 */
export function openRecord(record: FetchedRecord, catalog: Catalog): OpenedRecord {
  let draft: unknown;
  try {
    draft = draftOf(record);
    return { ok: true, ...prepare(draft, record, catalog) };
  } catch (thrown) {
    return { ok: false, error: toBusError(thrown, "invalid_event"), event: partialEvent(draft, record) };
  }
}

/** The id of a record that names none: its place. */
export function placeOf({ offset, partition, topic }: Pick<FetchedRecord, "topic" | "partition" | "offset">): string {
  return `kafka:${topic.slice(-80)}/${partition}/${offset}`;
}

function draftOf({ headers, value }: FetchedRecord): unknown {
  if (value === undefined) throw new BusError("invalid_event", "the record has no value; a bus carries events alone");
  const cloudEvent = fromCloudEvent(headers, value);
  if (cloudEvent !== undefined) return cloudEvent;
  const parsed = parseJson(value, "the value", "invalid_event");
  if (isEnvelope(parsed)) return fromEnvelope(parsed);
  throw new BusError(
    "invalid_event",
    "the value is neither an envelope, which has event_type, nor a CloudEvent; send { event_id, event_type, timestamp, source_service, payload, metadata }",
  );
}

function prepare(draft: unknown, record: FetchedRecord, catalog: Catalog): { event: Event; mark: Mark } {
  const given = isRecord(draft) ? draft : {};
  const { replay, ...metadata } = isRecord(given.metadata) ? given.metadata : {};
  const version = metadata.version ?? 1;
  const { definition, event } = prepareEvent(
    { time: formatTime(record.timestamp), ...given, metadata: { ...metadata, version } },
    {
      catalog: { resolve: (type) => definitionOf(catalog, type, version) },
      source: undefined,
      now: () => record.timestamp + clockSkewMs,
      nextId: () => placeOf(record),
      maxBytes: Number.POSITIVE_INFINITY,
    },
  );
  const replayId = isRecord(replay) ? replay.id : undefined;
  return {
    event: typeof replayId === "string" ? withReplay(event, replayId) : event,
    mark: readMark(record.headers.get(markHeader)) ?? {
      ownId: true,
      history: definition?.history ?? true,
      token: undefined,
    },
  };
}

function definitionOf(catalog: Catalog, type: string, version: unknown): EventDefinition | undefined {
  const definition = catalog.get(type);
  const known = definition !== undefined && [definition, ...definition.older].some((one) => one.version === version);
  // What is not a version is for prepareEvent to refuse.
  return known || typeof version !== "number" ? definition : undefined;
}

function withReplay(event: Event, id: string): Event {
  return Object.freeze({ ...event, metadata: Object.freeze({ ...event.metadata, replay: Object.freeze({ id }) }) });
}

const textAtMost = (value: unknown, length: number) =>
  typeof value === "string" && value !== "" ? value.slice(0, length) : undefined;

/** For its dead letter: who sent it sees there what was sent. */
function partialEvent(draft: unknown, record: FetchedRecord): Event {
  const { data, id, metadata, source, time, type } = isRecord(draft) ? draft : {};
  const given = isRecord(metadata) ? metadata : {};
  const ownId = textAtMost(id, 128) ?? placeOf(record);
  const { correlationId, priority, version } = given;
  return {
    id: ownId,
    type: textAtMost(type, 128) ?? "custom.unreadable",
    source: textAtMost(source, 256) ?? "kafka",
    time: textAtMost(time, 40) ?? formatTime(record.timestamp),
    data: draft === undefined ? { stored: record.value ?? null } : (data ?? {}),
    metadata: {
      version: typeof version === "number" ? version : 1,
      correlationId: textAtMost(correlationId, 512) ?? ownId,
      priority: typeof priority === "number" ? priority : 5,
    },
  };
}
