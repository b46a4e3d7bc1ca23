import type { EventLog } from "../engine/event-log.ts";
import type { StatsQuery, StatsRow } from "../engine/queries.ts";
import { queryAll } from "./query-all.ts";
import { TypeCounts } from "./type-counts.ts";

/** Counts by type and window, event by event: for a log that has no counts of its own. */
export async function countByType(log: Pick<EventLog, "query">, query: StatsQuery): Promise<StatsRow[]> {
  const { since, until, type } = query;
  const counts = new TypeCounts(query);
  const selected = {
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(type === undefined ? {} : { type }),
  };
  for await (const { event, acceptedAt } of queryAll(log, selected)) counts.add(acceptedAt, event.type, 1);
  return counts.rows();
}
