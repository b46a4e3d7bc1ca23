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
])("%s is %i ms", (value, milliseconds) => {
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
])("%s is none", (value) => {
  expect(() => parseDuration(value, "timeout")).toThrow(
    expect.objectContaining({
      code: "invalid_config",
      message: expect.stringMatching(/^timeout is .*no duration; give/),
    }),
  );
});

test("is held within its bounds, which the message names", () => {
  expect(parseDuration("11h", "backoff.to", { min: 1, max: 39_600_000 })).toBe(39_600_000);
  expect(() => parseDuration("12h", "backoff.to", { min: 1, max: 39_600_000 })).toThrow(
    'backoff.to is "12h"; give a duration from 1ms to 11h',
  );
  expect(() => parseDuration(-1, "grace")).toThrow("grace is -1; give a duration from 0ms");
  expect(() => parseDuration("40000d", "retention")).toThrow("to 36525d");
});

test("reads back what it writes", () => {
  fc.assert(
    fc.property(fc.nat(10_000_000_000), (ms) => {
      expect(parseDuration(formatDuration(ms), "it")).toBe(ms);
    }),
  );
});
