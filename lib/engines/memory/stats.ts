import type { StatsQuery, StatsRow } from "../../engine/queries.ts";
import { TypeCounts } from "../../history/type-counts.ts";
import { queryTime } from "../../runtime/query-time.ts";
import type { Kept } from "./event-ring-buffer.ts";

/** Counts by type and window over the events that are kept. */
export function countByType(events: Iterable<Kept>, query: StatsQuery): StatsRow[] {
  const since = queryTime(query.since, "since") ?? Number.NEGATIVE_INFINITY;
  const until = queryTime(query.until, "until") ?? Number.POSITIVE_INFINITY;
  const counts = new TypeCounts(query);
  for (const { event, acceptedAt } of events) {
    if (acceptedAt >= since && acceptedAt < until) counts.add(acceptedAt, event.type, 1);
  }
  return counts.rows();
}
