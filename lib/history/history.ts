import type { Engine } from "../engine/engine.ts";
import type { HistoryPageOptions, HistoryQuery, Page, StatsQuery, StatsRow } from "../engine/queries.ts";
import type { Event } from "../event/event.ts";
import { parseId } from "../runtime/call-fields.ts";
import { QueryCursor } from "../runtime/query-cursor.ts";
import { checkHistoryQuery, checkPagedQuery, checkStatsQuery } from "./check-query.ts";
import { type Flow, readFlow } from "./flow.ts";
import type { LogReader } from "./log-reader.ts";
import { type TailOptions, tail } from "./tail.ts";

export type { TailOptions };

/** Past events, in order of acceptance. */
export interface History {
  /** Returns an event as it was published; `undefined` if history does not have it, or its retention has ended. */
  get(id: string): Promise<Event | undefined>;
  /** Returns a page of the events that match, newest first unless `order` is `"oldest"`. Rejects with `invalid_config`. */
  query(query?: HistoryQuery & HistoryPageOptions): Promise<Page>;
  /** Returns a flow as a tree, by its correlation id or the id of one of its events. Rejects with `not_found`. */
  flow(correlationId: string): Promise<Flow>;
  /** Counts events by type and window. Rejects with `invalid_config`. */
  stats(query?: StatsQuery): Promise<StatsRow[]>;
  /**
   * Iterates over recorded events as they arrive, oldest first. Ends when the loop is left, the signal fires or the bus
   * closes. Throws `invalid_config` for a wrong query.
   */
  tail(query?: HistoryQuery, options?: TailOptions): AsyncIterable<Event>;
}

/** What the reading side of a bus works with. */
export interface HistoryDependencies {
  readonly reader: LogReader;
  /** Throws once the bus is closed. */
  open(): Engine;
  /** Fires when the bus closes. */
  readonly closing: AbortSignal;
}

/** The reading side of a bus. */
export function createHistory({ reader, open, closing }: HistoryDependencies): History {
  return {
    get: async (id) => open().log.get(parseId("history.get", "the id", id)),
    query: async (query = {}) => {
      const given = checkPagedQuery("history.query", query);
      const cursors = new QueryCursor("history.query", given);
      const { limit, cursor, order, ...filter } = given;
      const { events, ...next } = await open().log.query(filter, {
        ...(order === undefined ? {} : { order }),
        ...(limit === undefined ? {} : { limit }),
        ...(cursor === undefined ? {} : { cursor: cursors.decode(cursor) }),
      });
      return {
        events: events.map(({ event }) => event),
        ...(next.cursor === undefined ? {} : { cursor: cursors.encode(next.cursor) }),
      };
    },
    flow: async (correlationId) => readFlow(open(), parseId("history.flow", "the correlation id", correlationId)),
    stats: async (query = {}) => {
      const given = checkStatsQuery("history.stats", query);
      const { log } = open();
      if (log.stats !== undefined) return log.stats(given);
      const { countByType } = await import("./stats.ts");
      return countByType(log, given);
    },
    tail: (query = {}, options = {}) => {
      const filter = checkHistoryQuery("history.tail", query);
      return tail({ log: open().log, reader, closing }, filter, options);
    },
  };
}
