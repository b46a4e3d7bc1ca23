import { expect, test } from "vitest";
import { Counters, Samples } from "../../../lib/runtime/metrics.ts";

test("no samples, no percentiles", () => {
  expect(new Samples().percentiles()).toEqual({ p50: 0, p95: 0, p99: 0 });
});

test("percentiles do not go by the order of the samples", () => {
  const samples = new Samples();
  for (let value = 100; value >= 1; value -= 1) samples.record(value);
  expect(samples.percentiles()).toEqual({ p50: 51, p95: 96, p99: 100 });
});

test("only the latest 1,024 count", () => {
  const samples = new Samples();
  for (let index = 0; index < 1_024; index += 1) samples.record(1_000);
  for (let index = 0; index < 1_024; index += 1) samples.record(1);
  expect(samples.percentiles()).toEqual({ p50: 1, p95: 1, p99: 1 });
});

test("reset forgets what was counted, and not what runs", () => {
  const counters = new Counters();
  counters.published = 3;
  counters.running = 2;
  counters.stuck = 1;
  counters.publishMs.record(5);
  counters.reset();
  expect(counters).toMatchObject({ published: 0, running: 2, stuck: 1 });
  expect(counters.publishMs.percentiles().p50).toBe(0);
});
