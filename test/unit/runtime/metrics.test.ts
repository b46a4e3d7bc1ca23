import { expect, test } from "vitest";
import { Counters, Handling, Samples } from "../../../lib/runtime/metrics.ts";

test("percentiles are 0 without samples", () => {
  expect(new Samples().percentiles()).toEqual({ p50: 0, p95: 0, p99: 0 });
});

test("percentiles do not depend on the order of the samples", () => {
  const samples = new Samples();
  for (let value = 100; value >= 1; value -= 1) samples.record(value);
  expect(samples.percentiles()).toEqual({ p50: 51, p95: 96, p99: 100 });
});

test("percentiles cover the latest 1,024 samples", () => {
  const samples = new Samples();
  for (let index = 0; index < 1_024; index += 1) samples.record(1_000);
  for (let index = 0; index < 1_024; index += 1) samples.record(1);
  expect(samples.percentiles()).toEqual({ p50: 1, p95: 1, p99: 1 });
});

test("reset sets the counts to 0, except those of running handlers", () => {
  const counters = new Counters();
  counters.published = 3;
  counters.running = 2;
  counters.stuck = 1;
  counters.publishMs.record(5);
  counters.reset();
  expect(counters).toMatchObject({ published: 0, running: 2, stuck: 1 });
  expect(counters.publishMs.percentiles().p50).toBe(0);
});

test("the times of handlers are told apart for 200 subscriptions, and are together for all others", () => {
  const handling = new Handling();
  for (let index = 0; index < 300; index += 1) handling.of(`subscription-${index}`).record(index);
  handling.of("subscription-7").record(400_000);
  const times = handling.times();
  expect(Object.keys(times)).toHaveLength(201);
  expect(times["subscription-7"]).toMatchObject({
    count: 2,
    sumMs: 400_007,
    atMost: [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
  });
  expect(times[""]).toMatchObject({ count: 100 });
});
