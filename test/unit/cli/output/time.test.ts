import { expect, test } from "vitest";
import { formatAgo, formatElapsed } from "../../../../lib/cli/output/time.ts";

test.each([
  [0, "0ms"],
  [840, "840ms"],
  [999.6, "1s"],
  [1_000, "1s"],
  [3_210, "3.2s"],
  [59_949, "59.9s"],
  [59_960, "1m"],
  [312_000, "5m 12s"],
  [3_599_600, "1h"],
  [7_440_000, "2h 4m"],
  [262_800_000, "3d 1h"],
])("formatElapsed formats %d ms as %s", (ms, text) => {
  expect(formatElapsed(ms)).toBe(text);
});

test.each([
  [500, "just now"],
  [40_000, "40s ago"],
  [59_999, "59s ago"],
  [300_000, "5m ago"],
  [86_400_000, "24h ago"],
  [172_800_000, "2026-01-29 12:00"],
  [-5_000, "2026-01-31 12:00"],
])("formatAgo formats an age of %d ms as %s", (age, text) => {
  const now = Date.parse("2026-01-31T12:00:00Z");
  expect(formatAgo(new Date(now - age).toISOString(), now)).toBe(text);
});
