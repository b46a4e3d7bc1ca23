import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { StatsQuery, StatsRow } from "../../../engine/queries.ts";
import { TypeCounts } from "../../../history/type-counts.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import { minuteMs } from "../publishing/minute-counts.ts";
import { integer, text } from "../storage/rows.ts";
import type { HistoryReader } from "./history-reader.ts";

/** Counts by type and window: whole minutes from their sums, incomplete minutes at both ends from the events. */
export class Stats {
  readonly #history: HistoryReader;
  readonly #minutes: StatementSync;

  constructor(db: DatabaseSync, history: HistoryReader) {
    this.#history = history;
    // Those of the last minute are in `meta`.
    this.#minutes = db.prepare(
      `SELECT minute, type, count FROM stats WHERE minute >= ? AND minute < ?
       UNION ALL SELECT stats ->> 'minute' AS open, key, value FROM meta, json_each(meta.stats, '$.counts')
       WHERE open >= ? AND open < ?`,
    );
  }

  async count(query: StatsQuery): Promise<StatsRow[]> {
    const since = queryTime(query.since, "since");
    const until = queryTime(query.until, "until");
    const counts = new TypeCounts(query);
    const first = since === undefined ? undefined : Math.ceil(since / minuteMs);
    const last = until === undefined ? undefined : Math.floor(until / minuteMs);
    if (first !== undefined && last !== undefined && first > last) {
      await this.#countEvents(counts, since, until);
      return counts.rows();
    }
    const [from, to] = [first ?? Number.MIN_SAFE_INTEGER, last ?? Number.MAX_SAFE_INTEGER];
    for (const row of this.#minutes.all(from, to, from, to)) {
      counts.add(integer(row.minute) * minuteMs, text(row.type), integer(row.count));
    }
    if (since !== undefined && first !== undefined) await this.#countEvents(counts, since, first * minuteMs);
    if (until !== undefined && last !== undefined) await this.#countEvents(counts, last * minuteMs, until);
    return counts.rows();
  }

  async #countEvents(counts: TypeCounts, since: number | undefined, until: number | undefined): Promise<void> {
    if (since === until) return;
    const query = {
      ...(since === undefined ? {} : { since: new Date(since) }),
      ...(until === undefined ? {} : { until: new Date(until) }),
    };
    for await (const { event, acceptedAt } of this.#history.select(query, "oldest")) {
      counts.add(acceptedAt, event.type, 1);
    }
  }
}
