import type { HistoryTable } from "../engines/aws/dependencies.ts";
import type { Event } from "../event/event.ts";

/** What the log's rows say of an event. */
export interface RecordedEvent {
  /** Its position in the order of acceptance. */
  readonly key: string;
  readonly id: string;
  readonly type: string;
  readonly source: string;
  /** The correlation id. */
  readonly flow: string;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
  /** Milliseconds since 1970. */
  readonly recordedAt: number;
}

/** What a watch reads. */
export type RecordedHistory = Pick<HistoryTable, "recorded" | "byKeys">;

/** What is to be read. */
export interface WantedRecorded {
  /** Times between which events were recorded, in milliseconds since 1970. */
  readonly since: number;
  readonly until: number;
  /** Whether an event was read before. */
  isKnown(key: string): boolean;
  /** Whether the events of a type are wanted whole. */
  needsData(type: string): boolean;
}

/** What was recorded, in order of acceptance, and whether it was more than one run takes. */
export interface Recorded {
  readonly events: readonly RecordedEvent[];
  readonly cut: boolean;
}

/** Events of one run: it holds what the log says of them in memory. */
const mostEvents = 500_000;
/** Events of one run that are read whole: what a function of 512 MB can do within a minute. */
const mostWhole = 40_000;
/** Events that are read, and then watched, at a time. */
const atATime = 1_000;

/** Reads what the log says of events that are not known; of more than one run takes, the newest. */
export async function readRecorded(history: RecordedHistory, wanted: WantedRecorded): Promise<Recorded> {
  const events: RecordedEvent[] = [];
  let whole = 0;
  let cut = false;
  // About the newest first: what is too much is the oldest.
  for await (const part of history.recorded(wanted)) {
    for (const event of part) {
      if (wanted.isKnown(event.key)) continue;
      if (wanted.needsData(event.type)) whole += 1;
      cut ||= events.length >= mostEvents || whole > mostWhole;
      if (!cut) events.push(event);
    }
    if (cut) break;
  }
  return { events: events.sort((one, other) => (one.key < other.key ? -1 : 1)), cut };
}

/** What is watched: an event as history has it, or as the log tells of it, at the time of its acceptance. */
export type ReadEvent = Pick<Event, "id" | "type" | "source" | "data" | "metadata" | "time">;

/** The events in the same order, with their data where that is needed. One that cannot be read is left out. */
export async function* wholeEvents(
  history: RecordedHistory,
  events: readonly RecordedEvent[],
  needsData: (type: string) => boolean,
): AsyncGenerator<{ readonly recorded: RecordedEvent; readonly event: ReadEvent }> {
  for (let at = 0; at < events.length; at += atATime) {
    const part = events.slice(at, at + atATime);
    const keys = part.flatMap(({ key, type }) => (needsData(type) ? [key] : []));
    const found = keys.length === 0 ? new Map<string, Event>() : await history.byKeys(keys);
    for (const recorded of part) {
      const time = new Date(recorded.acceptedAt).toISOString();
      if (!needsData(recorded.type)) {
        const { id, type, source, flow } = recorded;
        const metadata = { version: 1, correlationId: flow, priority: 5 };
        yield { recorded, event: { id, type, source, time, data: undefined, metadata } };
        continue;
      }
      const event = found.get(recorded.key);
      if (event !== undefined) yield { recorded, event: { ...event, time } };
    }
  }
}
