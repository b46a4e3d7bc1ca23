import * as z from "zod";
import type { EventLog } from "../engine/event-log.ts";
import type { HistoryQuery } from "../engine/queries.ts";
import type { Event } from "../event/event.ts";
import { lazy } from "../event/lazy.ts";
import { callFields } from "../runtime/call-fields.ts";
import { parseCallOptions } from "../runtime/call-options.ts";
import { historyFilter } from "./history-filter.ts";
import type { LogReader } from "./log-reader.ts";
import { selectionOfQuery } from "./log-selections.ts";
import { positionOf } from "./since.ts";
import { WaitEnd } from "./wait-end.ts";

export interface TailDependencies {
  readonly log: EventLog;
  readonly reader: LogReader;
  /** Fires when the bus closes. */
  readonly closing: AbortSignal;
}

/** Options of {@link History.tail}. */
export interface TailOptions {
  /** Starts after this event, or at this time (RFC 3339 or a Date). Default: new events only. */
  since?: Event | string | Date;
  /** Ends the iteration; in a handler, the end of the attempt does too. */
  signal?: AbortSignal;
}

const schema = lazy(() => z.strictObject({ since: z.unknown().exactOptional(), signal: callFields().signal }));

/** See {@link History.tail}. The position is taken before this returns, so that what is published next is seen. */
export function tail(
  { log, reader, closing }: TailDependencies,
  query: HistoryQuery,
  options: TailOptions,
): AsyncGenerator<Event, void, void> {
  const { since, signal } = parseCallOptions("history.tail", schema(), options);
  const wants = historyFilter(query);
  const start = positionOf("history.tail", since);
  const from = log.position(start ?? "end");
  // An iteration throws the error; without one, the rejection must not end the process.
  from.catch(() => {});
  const isKnown = start === undefined ? log.recentlySeen?.() : undefined;
  const end = AbortSignal.any([...new WaitEnd("history.tail", signal, closing).signals]);
  return iterate();

  async function* iterate(): AsyncGenerator<Event, void, void> {
    const reading = { signal: end, keepAlive: true, wanted: [selectionOfQuery(query)] };
    for await (const { events } of reader.after(from, reading)) {
      for (const { event, acceptedAt } of events) {
        if (end.aborted) return;
        if (wants(event, acceptedAt) && isKnown?.(event) !== true) yield event;
      }
    }
  }
}
