import type { EventLog, Position } from "../engine/event-log.ts";
import type { HistoryQuery } from "../engine/queries.ts";
import type { Event } from "../event/event.ts";
import { queryTime } from "../runtime/query-time.ts";
import { historyFilter } from "./history-filter.ts";
import type { LogReader } from "./log-reader.ts";

export interface TailDependencies {
  readonly log: EventLog;
  readonly reader: LogReader;
  /** Fires when the bus closes. */
  readonly closing: AbortSignal;
}

export interface TailOptions {
  /** Events accepted after this event, or at or after this time. Default: from now on. */
  since?: Event | string | Date;
  /** Ends the loop. */
  signal?: AbortSignal;
}

/** See {@link History.tail}. The position is taken before this returns, so that what is published next is seen. */
export function tail(
  { log, reader, closing }: TailDependencies,
  query: HistoryQuery,
  { since, signal }: TailOptions,
): AsyncGenerator<Event, void, void> {
  const wants = historyFilter(query);
  const from = since === undefined ? log.position("end") : positionSince(log, since);
  // An iteration throws the error; without one, the rejection must not end the process.
  from.catch(() => {});
  const isKnown = since === undefined ? log.recentlySeen?.() : undefined;
  const until = signal === undefined ? closing : AbortSignal.any([signal, closing]);
  return iterate();

  async function* iterate(): AsyncGenerator<Event, void, void> {
    for await (const { events } of reader.after(from, { signal: until, keepAlive: true })) {
      for (const { event, acceptedAt } of events) {
        if (until.aborted) return;
        if (wants(event, acceptedAt) && isKnown?.(event) !== true) yield event;
      }
    }
  }
}

/** The position of a `since`: after an event, or before what was accepted at a time. */
export function positionSince(log: Pick<EventLog, "position">, since: Event | string | Date): Promise<Position> {
  if (typeof since === "string" || since instanceof Date) {
    return log.position({ time: queryTime(since, "since") ?? 0 });
  }
  return log.position({ eventId: since.id });
}
