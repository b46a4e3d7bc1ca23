import { queryTime } from "../../bus/history-filter.ts";
import type { StatsQuery, StatsRow } from "../../bus/queries.ts";
import { windowMs } from "../../bus/stats-window.ts";
import { typeMatcher } from "../../bus/type-names.ts";
import type { Kept } from "./ring.ts";

/** Counts by type and window over the events that are kept. */
export function countByType(events: Iterable<Kept>, query: StatsQuery): StatsRow[] {
  const since = queryTime(query.since, "since") ?? Number.NEGATIVE_INFINITY;
  const until = queryTime(query.until, "until") ?? Number.POSITIVE_INFINITY;
  const window = windowMs(query.window);
  const wants = query.type === undefined ? undefined : typeMatcher([query.type]);
  const counts = new Map<number | undefined, Map<string, number>>();
  for (const { event, acceptedAt } of events) {
    if (acceptedAt < since || acceptedAt >= until || wants?.(event.type) === false) continue;
    const from = window === undefined ? undefined : Math.floor(acceptedAt / window) * window;
    const types = counts.get(from) ?? new Map<string, number>();
    counts.set(from, types.set(event.type, (types.get(event.type) ?? 0) + 1));
  }
  return [...counts]
    .sort(([one], [other]) => (one ?? 0) - (other ?? 0))
    .flatMap(([from, types]) =>
      [...types]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([type, count]) => ({
          ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
          type,
          count,
        })),
    );
}
