import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "../../../lib/delivery/backoff.ts";

test("doubles after each failure, up to its bound", () => {
  const delays = [1, 2, 3, 4, 5, 100].map((failed) => backoffMs({ from: 1_000, to: 10_000 }, failed, () => 1));
  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test("keeps half and makes the other half random", () => {
  expect(backoffMs({ from: 1_000, to: 10_000 }, 1, () => 0)).toBe(500);
  expect(backoffMs({ from: 1_000, to: 10_000 }, 1, () => 0.5)).toBe(750);
});

test("is whole, never above its bound, never below half of what it starts with", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60_000 }),
      fc.integer({ min: 0, max: 39_600_000 }),
      fc.integer({ min: 1, max: 100 }),
      fc.double({ min: 0, max: 0.999_999, noNaN: true }),
      (from, more, failed, random) => {
        const delay = backoffMs({ from, to: from + more }, failed, () => random);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeLessThanOrEqual(from + more);
        expect(delay).toBeGreaterThanOrEqual(Math.floor(from / 2));
      },
    ),
  );
});
