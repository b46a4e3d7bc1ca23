import { type Alert, alertType } from "../alerts/alert.ts";
import { baselineMinutes, minuteMs as minute, type SpikeLimits, spikeIn } from "../alerts/detectors/spike.ts";
import type { StatsRow } from "../engine/queries.ts";

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
