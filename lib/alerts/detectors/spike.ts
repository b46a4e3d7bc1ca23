/** A minute has too many events where both are exceeded. */
export interface SpikeLimits {
  /** Times the usual count. */
  readonly factor: number;
  /** Events in the minute. */
  readonly over: number;
}

export const minuteMs = 60_000;
/** Minutes before the watched one, whose mean count is the usual one. */
export const baselineMinutes = 10;

/** Whether the minute that begins at `from` has too many events, by the counts of minutes. */
export function spikeIn(counts: ReadonlyMap<number, number>, from: number, { factor, over }: SpikeLimits) {
  const count = counts.get(from) ?? 0;
  let before = 0;
  for (let back = 1; back <= baselineMinutes; back += 1) before += counts.get(from - back * minuteMs) ?? 0;
  const threshold = Math.max(over, (factor * before) / baselineMinutes);
  return { count, threshold, spikes: count > threshold };
}
