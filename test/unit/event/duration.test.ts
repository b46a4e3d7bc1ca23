import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../../lib/event/duration.ts";

test.each([
  [250, 250],
  ["250ms", 250],
  ["30s", 30_000],
  ["1.5s", 1_500],
  ["5m", 300_000],
  ["2h", 7_200_000],
  ["15d", 1_296_000_000],
  [0.4, 0],
])("parseDuration parses %s as %i ms", (value, milliseconds) => {
  expect(parseDuration(value, "timeout")).toBe(milliseconds);
});

test.each([
  ["30"],
  ["30 s"],
  ["-1s"],
  ["1e3s"],
  ["s"],
  [""],
  [Number.NaN],
  [Number.POSITIVE_INFINITY],
  [null],
  [{}],
  ["1w"],
])("parseDuration refuses %s", (value) => {
  expect(() => parseDuration(value, "timeout")).toThrow(
    expect.objectContaining({
      code: "invalid_config",
      message: expect.stringMatching(/^timeout must be a duration such as "250ms", .* milliseconds, not /),
    }),
  );
});

test("parseDuration refuses a duration out of bounds, and names the bounds", () => {
  expect(parseDuration("11h", "backoff.to", { min: 1, max: 39_600_000 })).toBe(39_600_000);
  expect(() => parseDuration("12h", "backoff.to", { min: 1, max: 39_600_000 })).toThrow(
    'backoff.to must be from 1ms to 11h, not "12h"',
  );
  expect(() => parseDuration(-1, "grace")).toThrow("grace must be from 0ms to 36525d, not -1");
  expect(() => parseDuration("40000d", "retention")).toThrow("to 36525d");
});

test("parseDuration parses what formatDuration formats", () => {
  fc.assert(
    fc.property(fc.nat(10_000_000_000), (ms) => {
      expect(parseDuration(formatDuration(ms), "it")).toBe(ms);
    }),
  );
});
