import type { History } from "../bus/bus.ts";
import type { Engine, Position } from "../engine/engine.ts";
import type { HistoryQuery } from "../engine/queries.ts";
import type { Event } from "../event/event.ts";
import type { Clock } from "../runtime/clock.ts";
import { Changes } from "./changes.ts";
import { checkHistoryQuery } from "./check-query.ts";
import { readFlow } from "./flow.ts";
import { historyFilter } from "./history-filter.ts";
import { sincePosition } from "./wait-for.ts";

export interface HistoryDependencies {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Throws once the bus is closed. */
  open(): Engine;
  readonly closing: AbortSignal;
}

/** Events read at a time by `tail`. */
const batch = 256;

/** The reading side of a bus. */
export function createHistory(host: HistoryDependencies): History {
  return {
    get: async (id) => host.open().get(id),
    query: async (query = {}) => {
      checkHistoryQuery("history.query", query);
      const { limit, cursor, ...filter } = query;
      return host.open().query(filter, {
        ...(limit === undefined ? {} : { limit }),
        ...(cursor === undefined ? {} : { cursor }),
      });
    },
    flow: async (correlationId) => readFlow(host.open(), correlationId),
    stats: async (query = {}) => {
      checkHistoryQuery("history.stats", query);
      return host.open().stats(query);
    },
    tail: (query = {}, options = {}) => {
      checkHistoryQuery("history", query);
      const engine = host.open();
      // Taken now, so that what is published right after this call is seen.
      const { since, signal } = options;
      const from = since === undefined ? engine.position("end") : sincePosition(engine, since);
      const isOld = since === undefined ? engine.known?.() : undefined;
      return tail(host, query, { from, isOld, signal });
    },
  };
}

async function* tail(
  host: HistoryDependencies,
  query: HistoryQuery,
  options: {
    from: Promise<Position>;
    isOld: ((event: Event) => boolean) | undefined;
    signal: AbortSignal | undefined;
  },
): AsyncGenerator<Event, void, void> {
  const { from, isOld, signal } = options;
  const wants = historyFilter(query);
  const until = signal === undefined ? host.closing : AbortSignal.any([signal, host.closing]);
  const changes = new Changes(host.engine);
  try {
    let position = await from;
    while (!until.aborted) {
      const read = await host.engine.readAfter(position, batch);
      for (const { event } of read.events) {
        if (until.aborted) return;
        if (wants(event, host.clock.now()) && isOld?.(event) !== true) yield event;
      }
      if (read.position === position) await changes.next({ clock: host.clock, signal: until, keepAlive: true });
      position = read.position;
    }
  } finally {
    changes.stop();
  }
}
