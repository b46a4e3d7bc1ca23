import * as z from "zod";
import { BusError, toBusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import type { Catalog } from "../event/catalog.ts";
import type { EventDefinition } from "../event/definition.ts";
import type { Event } from "../event/event.ts";
import { findLosses } from "../event/exact-json.ts";
import { idTime } from "../event/id.ts";
import { formatPath } from "../event/path.ts";
import { prepareEvent } from "../event/prepare.ts";
import { timeOf } from "../event/time.ts";
import { isRecord } from "../runtime/is-record.ts";
import { messageText } from "./message-text.ts";

/** By how much the clocks of a publisher and of AWS may differ. */
const clockSkewMs = 600_000;

/** What EventBridge counts for an entry's Time. */
const timeBytes = 14;

/** An event as an entry of PutEvents, without the bus. */
export interface PutEntry {
  readonly Source: string;
  readonly DetailType: string;
  readonly Time: Date;
  readonly Detail: string;
}

/** The shape on the wire: Detail = `{ id, time, data, metadata }`, so that any rule can route on all of it. */
export function toPutEntry(event: Event): PutEntry {
  const { id, type, source, time, data, metadata } = event;
  return {
    Source: source,
    DetailType: type,
    Time: new Date(timeOf(time)),
    Detail: JSON.stringify({ id, time, data, metadata }),
  };
}

/** Bytes of an entry as EventBridge counts them against the limit of a request. */
export function putEntryBytes({ Source, DetailType, Detail }: PutEntry): number {
  return timeBytes + Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail);
}

/** An event as EventBridge would bring it to a queue: what a replay and a redrive send. */
export function toEnvelope(event: Event): string {
  const { id, type, source, time, data, metadata } = event;
  return messageText({
    version: "0",
    id,
    "detail-type": type,
    source,
    time,
    detail: { id, time, data, metadata },
  });
}

const envelope = z.object({
  id: z.string(),
  "detail-type": z.string(),
  source: z.string(),
  time: z.string(),
  detail: z.record(z.string(), z.unknown()),
  /** Of a replay from the archive. */
  "replay-name": z.string().min(1).optional(),
});
const replayMark = z.object({ id: z.string().min(1) });

/** What a rule brought: an event, or why it is not one, with as much of it as can be kept. */
export type Opened =
  | {
      readonly ok: true;
      readonly event: Event;
      /** The name of the replay by which EventBridge brought it from its archive. */
      readonly archiveReplay?: string;
    }
  | { readonly ok: false; readonly error: BusError; readonly event: Event };

/**
 * Reads what EventBridge put into a queue. What an event of another program lacks is filled in: id and time from the envelope,
 * correlation id = its id, version 1, priority 5. Its data are validated where the catalog has its type and
 * version; a publisher that was deployed before this reader may know more than it, so others pass by their shape. A time of
 * delivery is measured from when the message came to its queue (`sentMs`), so that all who read it come to the same verdict.
 * Throws `invalid_event` only where the text is not an envelope, or holds a number or a key that would not be kept.
 */
export function openEnvelope(body: string, catalog: Catalog, sentMs: number): Opened {
  const outer = parseOuter(body);
  checkExact(body, outer);
  const { id, time, data, metadata, ...others } = outer.detail;
  const { replay, ...given } = isRecord(metadata) ? metadata : {};
  const draft = {
    type: outer["detail-type"],
    source: outer.source,
    id: id ?? outer.id,
    time: time ?? outer.time,
    data,
    metadata: { ...given, version: given.version ?? 1 },
  };
  try {
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) {
      throw new BusError(
        "invalid_event",
        `${outer["detail-type"]} from ${outer.source}: unknown field detail.${unknown}; Detail must be { id, time, data, metadata }`,
      );
    }
    const { event } = prepareEvent(draft, {
      catalog: { resolve: (type) => definitionOf(catalog, type, draft.metadata.version) },
      source: undefined,
      now: () => sentMs + clockSkewMs,
      nextId: () => outer.id,
      maxBytes: Number.POSITIVE_INFINITY,
    });
    const mark = replayMark.safeParse(replay);
    const archiveReplay = outer["replay-name"];
    return {
      ok: true,
      event: mark.success ? withReplay(event, mark.data) : event,
      ...(archiveReplay === undefined ? {} : { archiveReplay }),
    };
  } catch (thrown) {
    return { ok: false, error: toBusError(thrown), event: partialEvent(outer) };
  }
}

function definitionOf(catalog: Catalog, type: string, version: unknown): EventDefinition | undefined {
  const definition = catalog.get(type);
  const known = definition !== undefined && [definition, ...definition.older].some((one) => one.version === version);
  // What is not a version is for prepareEvent to refuse.
  return known || typeof version !== "number" ? definition : undefined;
}

function parseOuter(body: string): z.infer<typeof envelope> {
  try {
    return envelope.parse(JSON.parse(body));
  } catch (thrown) {
    throw new BusError(
      "invalid_event",
      `the message must be an event from an EventBridge rule, { detail-type, source, … }, not ${shortForm(body)}`,
      {
        cause: thrown,
      },
    );
  }
}

/**
 * A number that JavaScript cannot hold, or a key that comes twice, would be changed in silence. Nothing of such an event may be
 * delivered, redriven neither: it is kept as the text that it came as.
 */
function checkExact(body: string, outer: z.infer<typeof envelope>): void {
  const [loss] = findLosses(body);
  if (loss === undefined) return;
  throw new BusError("invalid_event", `${outer["detail-type"]} from ${outer.source}: ${loss.problem}`, {
    details: { path: formatPath("", loss.path) },
  });
}

/** For its dead letter: who put it sees there what was put. */
function partialEvent(outer: z.infer<typeof envelope>): Event {
  const { id, time, data, metadata } = outer.detail;
  const given = isRecord(metadata) ? metadata : {};
  const ownId = typeof id === "string" && id !== "" ? id.slice(0, 128) : outer.id;
  const { correlationId, version, priority } = given;
  return {
    id: ownId,
    type: outer["detail-type"],
    source: outer.source,
    time: typeof time === "string" ? time : outer.time,
    data: data === undefined ? outer.detail : data,
    metadata: {
      ...given,
      version: typeof version === "number" ? version : 1,
      correlationId: typeof correlationId === "string" ? correlationId : ownId,
      priority: typeof priority === "number" ? priority : 5,
    },
  };
}

function withReplay(event: Event, replay: { id: string }): Event {
  return Object.freeze({ ...event, metadata: Object.freeze({ ...event.metadata, replay }) });
}

/**
 * Milliseconds since 1970 at which the bus took the event: the time inside its id, else when it first came to a queue.
 * An id that claims a time more than ten minutes from that is not believed: it is somebody's own.
 */
export function acceptedAt(event: Event, sentMs: number): number {
  const inside = idTime(event.id);
  return inside !== undefined && Math.abs(inside - sentMs) <= clockSkewMs ? inside : sentMs;
}
