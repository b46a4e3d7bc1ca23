import type { Engine } from "../engine/engine.ts";
import type { HistoryPageOptions, HistoryQuery, Page, StatsQuery, StatsRow } from "../engine/queries.ts";
import type { Event } from "../event/event.ts";
import { checkHistoryQuery } from "./check-query.ts";
import { type Flow, readFlow } from "./flow.ts";
import type { LogReader } from "./log-reader.ts";
import { countByType } from "./stats.ts";
import { tail } from "./tail.ts";

/** Past events, by order of acceptance. */
export interface History {
  /** `undefined` where it is not stored, or its retention has ended. As it was published. */
  get(id: string): Promise<Event | undefined>;
  /** Newest first, unless `order` says otherwise; in pages. */
  query(query?: HistoryQuery & HistoryPageOptions): Promise<Page>;
  /** The tree of a flow. `not_found` where no event has that correlation id (an event's own id is tried too). */
  flow(correlationId: string): Promise<Flow>;
  /** Counts by type and window. */
  stats(query?: StatsQuery): Promise<StatsRow[]>;
  /** Recorded events as they come, oldest first; ends when the loop is left, the signal fires or the bus closes. */
  tail(query?: HistoryQuery, options?: { since?: Event | string | Date; signal?: AbortSignal }): AsyncIterable<Event>;
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
    get: async (id) => open().log.get(id),
    query: async (query = {}) => {
      checkHistoryQuery("history.query", query);
      const { limit, cursor, order, ...filter } = query;
      const page = await open().log.query(filter, {
        ...(order === undefined ? {} : { order }),
        ...(limit === undefined ? {} : { limit }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { ...page, events: page.events.map(({ event }) => event) };
    },
    flow: async (correlationId) => readFlow(open(), correlationId),
    stats: async (query = {}) => {
      checkHistoryQuery("history.stats", query);
      const { log } = open();
      return log.stats === undefined ? countByType(log, query) : log.stats(query);
    },
    tail: (query = {}, options = {}) => {
      checkHistoryQuery("history", query);
      return tail({ log: open().log, reader, closing }, query, options);
    },
  };
}
