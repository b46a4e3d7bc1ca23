import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSure, OperatorIndex } from "../../../lib/pattern/operator-index.ts";
import { parseValues } from "../../../lib/pattern/parse-values.ts";
import { RangeIndex } from "../../../lib/pattern/range-index.ts";
import { matcher, type NumericRange, type Scalar, type Test } from "../../../lib/pattern/value-test.ts";
import { WildcardSet } from "../../../lib/pattern/wildcard-set.ts";
import { patternValue } from "./arbitraries.ts";

function indexOf(tests: readonly Test[]): OperatorIndex<Test> {
  const index = new OperatorIndex<Test>();
  for (const one of tests) index.get(one, () => one);
  return index;
}

const operators = (values: readonly unknown[]) =>
  parseValues(values, "values").tests.filter(({ kind }) => !["string", "number", "literal"].includes(kind));

/** Letters whose cases are several units, or which share one with other letters, and half a surrogate pair. */
const letters = [..."aAkKsSiIéÉßẞſıİσςΣ?ǅǆ\u212a", "\ud83d", "😀", "SS", "i\u0307"];
const word = fc.array(fc.constantFrom(...letters), { maxLength: 4 }).map((units) => units.join(""));

describe("an index of operators", () => {
  test("finds every test that a value passes, and is sure only of those", () => {
    const anyCase = fc.oneof(
      fc.record({ "equals-ignore-case": word }),
      fc.record({ prefix: fc.record({ "equals-ignore-case": word }) }),
      fc.record({ suffix: fc.record({ "equals-ignore-case": word }) }),
    );
    const values = fc.array(fc.oneof(anyCase, patternValue), { minLength: 1, maxLength: 10 });
    const scalar: fc.Arbitrary<Scalar> = fc.oneof(
      word,
      fc.constantFrom<Scalar>(0, 1, 5, null, "abc", "10.0.0.1", "a*c", "10.9.0.0", "a00::1"),
    );
    fc.assert(
      fc.property(values, fc.array(scalar, { minLength: 1, maxLength: 5 }), (given, about) => {
        const tests = operators(given);
        const index = indexOf(tests);
        about.forEach((value, epoch) => {
          const returned = [...index.find(value, epoch + 1)];
          for (const one of returned) if (isSure(one)) expect(matcher(one)(value)).toBe(true);
          const found = returned.map((one) => JSON.stringify(one));
          for (const one of tests) if (matcher(one)(value)) expect(found).toContain(JSON.stringify(one));
        });
        for (const one of tests) index.delete(one);
        for (const value of about) expect(index.find(value, 100)).toEqual([]);
      }),
      { numRuns: 3_000, seed: 21 },
    );
  });

  const many = (make: (index: number) => unknown) => operators(Array.from({ length: 80 }, (_, index) => make(index)));
  const kinds: Readonly<Record<string, { tests: readonly Test[]; value: (index: number) => Scalar }>> = {
    ranges: { tests: many((index) => ({ numeric: [">=", -index] })), value: (index) => index },
    exclusions: { tests: many((index) => ({ "anything-but": [`x${index}`] })), value: (index) => index },
    "wildcards that start alike": {
      tests: many((index) => ({ wildcard: `a*${index}b` })),
      value: (index) => `a${index}`,
    },
    "wildcards that end alike": {
      tests: many((index) => ({ wildcard: `*${index}*bcd` })),
      value: (index) => `${index}bcd`,
    },
    "wildcards that contain the same": {
      tests: many((index) => ({ wildcard: `*abcdef*${index}*` })),
      value: (index) => `abcdef${index}`,
    },
    blocks: {
      tests: many((index) => ({ cidr: `${index % 2}.0.0.0/${index % 8}` })),
      value: () => "0.0.0.1",
    },
  };
  test.each(Object.entries(kinds))("returns each of many %s once for all values of an event", (_, { tests, value }) => {
    const index = indexOf(tests);
    let found = 0;
    for (let number = 0; number < 10_000; number += 1) found += index.find(value(number), 1).length;
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThanOrEqual(index.size);
  });

  test("finds one string in any case among many, also where letters are not ASCII", () => {
    for (const letter of ["é", "Σ", "s", "ß", "ßı"]) {
      const index = indexOf(many((number) => ({ "equals-ignore-case": `é${letter}-${number + 100}` })));
      expect(index.find(`É${letter}-123`, 1)).toHaveLength(1);
    }
  });
});

test("numbers that find nothing new take no steps", () => {
  let reads = 0;
  const index = new RangeIndex<number>();
  for (let number = 0; number < 80; number += 1) {
    const range: NumericRange = {
      kind: "range",
      from: number,
      fromOpen: false,
      to: Number.MAX_VALUE,
      get toOpen() {
        reads += 1;
        return false;
      },
    };
    index.add(range, number);
  }
  let found = 0;
  for (let value = 100; value < 10_000; value += 1) index.find(value, 1, () => (found += 1));
  expect(found).toBe(80);
  expect(reads).toBe(80);
});

test("literals that no wildcard looks for are passed over", () => {
  const wildcards = Array.from({ length: 45 }, (_, index) => ["", "b", "a".repeat(index + 1), ""]);
  const set = new WildcardSet(wildcards);
  expect(set.matches("a".repeat(10_000))).toBe(false);
  expect(set.passed).toBeLessThan(200);
  expect(set.matches(`${"a".repeat(100)}b`)).toBe(false);
  expect(set.matches(`${"a".repeat(100)}ba`)).toBe(true);
});
