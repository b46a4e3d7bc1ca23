import { expect, test } from "vitest";
import type { EndedSample } from "../../../lib/engine/delivery.ts";
import { mostSamples, RateReader, ratesOf } from "../../../lib/history/rates.ts";
import { systemClock } from "../../../lib/runtime/clock.ts";

const now = 1_000_000;
const sample = (over: Partial<EndedSample> = {}): EndedSample => ({
  subscription: "readers",
  outcome: "done",
  failures: 0,
  endedAt: now - 1_000,
  ranMs: 5,
  totalMs: 20,
  ...over,
});

test("rates are by the minute of five minutes; durations are percentiles, of what ran", () => {
  const samples = [
    ...Array.from({ length: 19 }, (_, n) => sample({ ranMs: n + 1, totalMs: 100 + n + 1 })),
    sample({ ranMs: 500, totalMs: 900, failures: 2 }),
    sample({ outcome: "dead", failures: 3, ranMs: 7 }),
    { subscription: "others", outcome: "dropped", failures: 0, endedAt: now, totalMs: 1 } as const,
  ];
  const { overMs, subscriptions } = ratesOf(samples, now);
  expect(overMs).toBe(300_000);
  expect(subscriptions.get("readers")).toEqual({
    handledPerMinute: 4,
    failedPerMinute: 1,
    deadPerMinute: 0.2,
    runMs: { p50: 10, p95: 19 },
    waitMs: { p50: 100, p95: 100 },
  });
  expect(subscriptions.get("others")).toEqual({ handledPerMinute: 0, failedPerMinute: 0, deadPerMinute: 0 });
});

test("where there are more than are looked at, rates are of the time that these took", () => {
  const samples = Array.from({ length: mostSamples }, (_, n) => sample({ endedAt: now - (n % 30_001) }));
  const { overMs, subscriptions } = ratesOf(samples, now);
  expect(overMs).toBe(mostSamples - 1);
  expect(subscriptions.get("readers")?.handledPerMinute).toBeCloseTo(60_006, 0);
});

test("an engine that records nothing has no rates, and one is not asked twice within a second", async () => {
  let time = now;
  let asked = 0;
  const reader = new RateReader({ ...systemClock, now: () => time });
  const deliveries = {
    consume: () => ({ settings: undefined, wake() {}, stop() {} }),
    settle() {},
    async enqueue() {},
  };
  expect(await reader.read({ deliveries })).toBeUndefined();
  const recording = {
    deliveries: {
      ...deliveries,
      recentlyEnded: async () => {
        asked += 1;
        if (asked === 2) throw new Error("down");
        return [];
      },
    },
  };
  time += 1_000;
  expect(await reader.read(recording)).toEqual({ overMs: 300_000, subscriptions: new Map() });
  time += 999;
  await reader.read(recording);
  expect(asked).toBe(1);
  time += 1;
  await expect(reader.read(recording)).rejects.toThrow("down");
  // A failure is not kept.
  expect(await reader.read(recording)).toEqual({ overMs: 300_000, subscriptions: new Map() });
});
