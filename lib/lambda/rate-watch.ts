import type { StatsRow } from "../engine/queries.ts";
import { type Alert, alertType } from "./alert.ts";

/** A minute has too many events of a type where both are exceeded. */
export interface SpikeLimits {
  /** Times the usual count. */
  readonly factor: number;
  /** Events in the minute. */
  readonly over: number;
}

const minute = 60_000;
/** Minutes before the watched one, whose mean count is the usual one. */
const baselineMinutes = 10;
/** Minutes that are watched: the last one, and the one before it again, for what was recorded late. */
const watchedMinutes = 2;
/** Minutes that have to be counted: the first watched one is compared with the one before it. */
const counted = baselineMinutes + watchedMinutes + 1;

/** Which whole minutes are to be counted, of the time up to `untilMs`; both in milliseconds since 1970. */
export function minutesToCount(untilMs: number): { since: number; until: number } {
  const until = Math.floor(untilMs / minute) * minute;
  return { since: until - counted * minute, until };
}

/**
 * Where a type began to come far more often than usual, or ceased to, in the watched minutes before `until`. `rows` count
 * the minutes of {@link minutesToCount}.
 */
export function rateAlerts(rows: readonly StatsRow[], until: number, limits: SpikeLimits): Alert[] {
  const alerts: Alert[] = [];
  for (const [type, counts] of countsByType(rows)) {
    const spike = (from: number) => spikeIn(counts, from, limits);
    for (let from = until - watchedMinutes * minute; from < until; from += minute) {
      const now = spike(from);
      if (now.spikes === spike(from - minute).spikes) continue;
      alerts.push({
        metric: "events.per_minute",
        subject: type,
        value: now.count,
        threshold: now.threshold,
        state: now.spikes ? "raised" : "cleared",
        atMs: from + minute,
        key: String(from),
      });
    }
  }
  return alerts;
}

function countsByType(rows: readonly StatsRow[]): Map<string, Map<number, number>> {
  const types = new Map<string, Map<number, number>>();
  for (const { from, type, count } of rows) {
    if (from === undefined || type === alertType) continue;
    const counts = types.get(type) ?? new Map<number, number>();
    counts.set(Date.parse(from), count);
    types.set(type, counts);
  }
  return types;
}

function spikeIn(counts: ReadonlyMap<number, number>, from: number, { factor, over }: SpikeLimits) {
  const count = counts.get(from) ?? 0;
  let before = 0;
  for (let back = 1; back <= baselineMinutes; back += 1) before += counts.get(from - back * minute) ?? 0;
  const threshold = Math.max(over, (factor * before) / baselineMinutes);
  return { count, threshold, spikes: count > threshold };
}
