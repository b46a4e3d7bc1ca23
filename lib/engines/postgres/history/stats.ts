import type { StatsQuery, StatsRow } from "../../../engine/queries.ts";
import { TypeCounts } from "../../../history/type-counts.ts";
import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { integer, text } from "../storage/rows.ts";
import { conditions } from "./conditions.ts";

const minuteMs = 60_000;

/** Counts by type and window; the server counts by the minute where windows are asked for. */
export async function countEvents(database: Database, { s }: Names, query: StatsQuery): Promise<StatsRow[]> {
  const counts = new TypeCounts(query);
  const { since, type, until } = query;
  const { where, values } = conditions(
    {
      ...(type === undefined ? {} : { type }),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    },
    1,
  );
  const minute = query.window === undefined ? "0" : `accepted / ${minuteMs}`;
  const rows = await database.call(
    `SELECT ${minute} AS minute, type, count(*) AS count FROM ${s}.events
     ${where.length === 0 ? "" : `WHERE ${where.join(" AND ")}`} GROUP BY 1, 2`,
    values,
  );
  for (const row of rows) counts.add(integer(row.minute) * minuteMs, text(row.type), integer(row.count));
  return counts.rows();
}
