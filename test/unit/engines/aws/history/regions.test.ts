import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  allOf,
  anyOf,
  between,
  pointKey,
  points,
  type Regions,
} from "../../../../../lib/engines/aws/history/regions.ts";

const letters = [..."abcdefghijklmnop"];
const end = "~";
const letter = fc.constantFrom(...letters);

/** Regions, and the letters that they have. */
interface Made {
  readonly has: ReadonlySet<string>;
  make(): Regions;
}

const single: fc.Arbitrary<Made> = fc
  .uniqueArray(letter)
  .map((keys) => ({ has: new Set(keys), make: () => points(keys) }));
const range: fc.Arbitrary<Made> = fc.tuple(letter, letter).map(([from, to]) => ({
  has: new Set(letters.filter((one) => one >= from && one < to)),
  make: () => between(from, to),
}));
const { made } = fc.letrec<{ made: Made; any: Made; all: Made }>((tie) => ({
  any: fc.array(tie("made"), { maxLength: 3 }).map((parts) => ({
    has: new Set(letters.filter((one) => parts.some(({ has }) => has.has(one)))),
    make: () => anyOf(parts.map((part) => part.make())),
  })),
  all: fc.array(tie("made"), { minLength: 1, maxLength: 3 }).map((parts) => ({
    has: new Set(letters.filter((one) => parts.every(({ has }) => has.has(one)))),
    make: () => allOf(parts.map((part) => part.make())),
  })),
  made: fc.oneof({ maxDepth: 3 }, single, range, tie("any"), tie("all")),
}));

describe("regions", () => {
  test("put together in any way have what sets have, from the newest to the oldest, nothing twice", async () => {
    await fc.assert(
      fc.asyncProperty(made, async ({ has, make }) => {
        const regions = make();
        let found = "";
        let before = end;
        for (let region = await regions.next(before); region !== undefined; region = await regions.next(before)) {
          expect(region.from < region.to).toBe(true);
          expect(region.to <= before).toBe(true);
          before = region.from;
          for (const one of letters.toReversed()) {
            if (one >= region.from && one < region.to) found += one;
          }
        }
        expect(found).toBe(
          letters
            .filter((one) => has.has(one))
            .reverse()
            .join(""),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  test("where a single event and a range meet, it is the single event", async () => {
    const region = await allOf([between("a", "z"), points(["c", "x"])]).next("m");
    expect(region === undefined ? undefined : pointKey(region)).toBe("c");
  });
});
