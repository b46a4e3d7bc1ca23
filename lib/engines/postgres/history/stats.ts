import type { StatsQuery, StatsRow } from "../../../engine/queries.ts";
import { TypeCounts } from "../../../history/type-counts.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { integer, text } from "../storage/rows.ts";

const minuteMs = 60_000;
/** As many events as may well be counted one by one in a query. */
const fewEvents = 20_000;

export interface StatsDependencies {
  readonly database: Database;
  readonly names: Names;
  /** Has events counted that nobody has counted yet. */
  countSoon(): void;
}

/** Counts by type and window: from sums by the minute, and from those events that have come since the sums were made. */
export async function countEvents(
  { countSoon, database, names }: StatsDependencies,
  query: StatsQuery,
): Promise<StatsRow[]> {
  const counts = new TypeCounts(query);
  const since = queryTime(query.since, "since");
  const until = queryTime(query.until, "until");
  const rows = await database.call(`SELECT * FROM ${names.s}.stats($1, $2, $3)`, [
    since ?? null,
    until ?? null,
    query.window !== undefined,
  ]);
  let uncounted = 0;
  for (const row of rows) {
    const count = integer(row.count);
    counts.add(integer(row.minute) * minuteMs, text(row.type), count);
    if (row.counted === false) uncounted += count;
  }
  if (uncounted > fewEvents) countSoon();
  return counts.rows();
}
