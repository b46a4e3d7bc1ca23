import type { DatabaseSync, StatementSync } from "node:sqlite";
import { queryTime } from "../../bus/history-filter.ts";
import type { StatsQuery, StatsRow } from "../../bus/queries.ts";
import { windowMs } from "../../bus/stats-window.ts";
import { typeMatcher } from "../../bus/type-names.ts";
import type { History } from "./history.ts";
import { integer, text } from "./rows.ts";
import { minuteMs } from "./totals.ts";

/** Counts by type and window: whole minutes from their sums, the parts of minutes at the ends from the events. */
export class Stats {
  readonly #history: History;
  readonly #minutes: StatementSync;

  constructor(db: DatabaseSync, history: History) {
    this.#history = history;
    this.#minutes = db.prepare("SELECT minute, type, count FROM stats WHERE minute >= ? AND minute < ?");
  }

  async count(query: StatsQuery): Promise<StatsRow[]> {
    const since = queryTime(query.since, "since");
    const until = queryTime(query.until, "until");
    const counts = new Counts(windowMs(query.window), query.type);
    const first = since === undefined ? undefined : Math.ceil(since / minuteMs);
    const last = until === undefined ? undefined : Math.floor(until / minuteMs);
    if (first !== undefined && last !== undefined && first > last) {
      await this.#countEvents(counts, since, until);
      return counts.rows();
    }
    for (const row of this.#minutes.all(first ?? Number.MIN_SAFE_INTEGER, last ?? Number.MAX_SAFE_INTEGER)) {
      counts.add(integer(row.minute) * minuteMs, text(row.type), integer(row.count));
    }
    if (since !== undefined && first !== undefined) await this.#countEvents(counts, since, first * minuteMs);
    if (until !== undefined && last !== undefined) await this.#countEvents(counts, last * minuteMs, until);
    return counts.rows();
  }

  async #countEvents(counts: Counts, since: number | undefined, until: number | undefined): Promise<void> {
    if (since === until) return;
    const query = {
      ...(since === undefined ? {} : { since: new Date(since) }),
      ...(until === undefined ? {} : { until: new Date(until) }),
    };
    for await (const { event, accepted } of this.#history.select(query, "oldest", { from: 0 })) {
      counts.add(accepted, event.type, 1);
    }
  }
}

class Counts {
  readonly #window: number | undefined;
  readonly #wants: ((type: string) => boolean) | undefined;
  readonly #byWindow = new Map<number | undefined, Map<string, number>>();

  constructor(window: number | undefined, type: string | undefined) {
    this.#window = window;
    this.#wants = type === undefined ? undefined : typeMatcher([type]);
  }

  add(at: number, type: string, count: number): void {
    if (this.#wants?.(type) === false) return;
    const from = this.#window === undefined ? undefined : Math.floor(at / this.#window) * this.#window;
    const types = this.#byWindow.get(from) ?? new Map<string, number>();
    this.#byWindow.set(from, types.set(type, (types.get(type) ?? 0) + count));
  }

  rows(): StatsRow[] {
    return [...this.#byWindow]
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
}
