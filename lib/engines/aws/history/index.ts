import { selectionMatcher } from "../../../engine/log-selection.ts";
import type { AwsDependencies, HistoryTable } from "../dependencies.ts";
import { CountReader } from "./counts.ts";
import { EventReader } from "./event-reader.ts";
import { EventRows } from "./event-rows.ts";
import { keyTime } from "./keys.ts";
import { Queries } from "./query.ts";
import { recordedBetween } from "./recorded.ts";
import { Recorder } from "./recorder.ts";
import { Table } from "./table.ts";
import { TableLog } from "./table-log.ts";

/** History in the bus's table; docs/aws/cost.md draws its rows. */
export function createHistoryTable(dependencies: AwsDependencies): HistoryTable {
  const table = new Table(dependencies);
  const rows = new EventRows(dependencies, table);
  const queries = new Queries(dependencies, table, rows, new EventReader(table, rows));
  const counts = new CountReader(dependencies, table, queries);
  const log = new TableLog(dependencies, table, rows);
  const recorder = new Recorder(dependencies, table, rows);
  return {
    record: (events) => recorder.record(events),
    get: async (id) => {
      const keys = await rows.keysOf([id], { consistent: true });
      const [found] = await rows.byKeys(keys, { consistent: true });
      return found?.event;
    },
    query: (query, page) => queries.page(query, page),
    flow: (correlationId) => queries.flow(correlationId),
    stats: (query) => counts.stats(query),
    recorded: (times) => recordedBetween(table, times),
    byKeys: async (keys) => new Map((await rows.byKeys(keys)).map(({ key, event }) => [key, event] as const)),
    position: async (of) => {
      if (of === "end") return log.end();
      return "time" in of ? log.fromTime(of.time) : log.afterEvent(of.eventId);
    },
    readAfter: async (position, limit, wanted) => {
      const read = await log.after(String(position), limit, selectionMatcher(wanted));
      // The log's row may be seen before all copies of the table have the events.
      const keys = read.entries.map(({ key }) => key);
      const events = new Map(
        (await rows.byKeys(keys, { consistent: true })).map(({ key, event }) => [key, event] as const),
      );
      return {
        events: read.entries.flatMap(({ key, position: at }) => {
          const event = events.get(key);
          return event === undefined ? [] : [{ event, acceptedAt: keyTime(key), position: at }];
        }),
        position: read.position,
        atEnd: read.atEnd,
      };
    },
  };
}
