import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AffixTrie } from "../../../lib/pattern/affix-trie.ts";
import { isSure, OperatorIndex } from "../../../lib/pattern/operator-index.ts";
import { parseValues } from "../../../lib/pattern/parse-values.ts";
import { RangeIndex } from "../../../lib/pattern/range-index.ts";
import { inRange, matcher, type NumericRange, type Scalar, type Test } from "../../../lib/pattern/value-test.ts";
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
  const index = new RangeIndex<number>();
  for (let number = 0; number < 80; number += 1) {
    index.add({ kind: "range", from: number, fromOpen: false, to: Number.MAX_VALUE, toOpen: false }, number);
  }
  let found = 0;
  for (let value = 100; value < 10_000; value += 1) index.find(value, 1, () => (found += 1));
  expect(found).toBe(80);
  expect(index.searched).toBe(80);
});

test("a number in one of 10,000 ranges is found in steps of their logarithm", () => {
  const index = new RangeIndex<number>();
  const range = (number: number): NumericRange => ({
    kind: "range",
    ...{ from: number * 10, fromOpen: false, to: number * 10 + 10, toOpen: true },
  });
  for (let number = 0; number < 10_000; number += 1) index.add(range(number), number);
  for (let number = 0; number < 10_000; number += 7) {
    const before = index.searched;
    const found: number[] = [];
    index.find(number * 10 + 5, number + 1, (entry) => found.push(entry));
    expect(found).toEqual([number]);
    expect(index.searched - before).toBeLessThan(60);
  }
});

test("an open bound is not in its range, and the number next to it is", () => {
  const bounds = [
    0,
    -0,
    1,
    -1,
    0.1,
    -0.1,
    5e-324,
    -5e-324,
    2 ** 53,
    1e300,
    -1e300,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
  ];
  const bound = fc.constantFrom(...bounds);
  const near = fc
    .tuple(bound, fc.constantFrom(1, 1 + Number.EPSILON, 1 - Number.EPSILON / 2))
    .map(([one, by]) => one * by);
  const number = fc.oneof(bound, near, fc.double({ noNaN: true }), fc.constantFrom(Infinity, -Infinity));
  const ranges = fc.array(fc.record({ from: bound, fromOpen: fc.boolean(), to: bound, toOpen: fc.boolean() }), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(ranges, fc.array(number, { minLength: 1, maxLength: 6 }), (given, numbers) => {
      const index = new RangeIndex<number>();
      const all = given.map((one) => ({ kind: "range" as const, ...one }));
      for (const [at, one] of all.entries()) index.add(one, at);
      numbers.forEach((value, epoch) => {
        const found: number[] = [];
        index.find(value, epoch + 1, (entry) => found.push(entry));
        const wanted = all.flatMap((one, at) => (inRange(one, value) ? [at] : []));
        expect(found.toSorted((one, other) => one - other)).toEqual(wanted);
      });
      for (const [at, one] of all.entries()) index.remove(one, at);
      for (const value of numbers) index.find(value, 100, () => expect.fail("the index is empty"));
    }),
    { numRuns: 3_000 },
  );
});

test("texts that begin with characters far apart are found, and go again", () => {
  const characters = [
    "\u0000",
    "\u0001",
    "-",
    "0",
    "9",
    "a",
    "z",
    "~",
    "\u00e9",
    "\u65e5",
    "\u672c",
    "\ud83d",
    "\uffff",
  ];
  const text = fc.array(fc.constantFrom(...characters), { minLength: 0, maxLength: 3 }).map((one) => one.join(""));
  const texts = fc.array(text, { maxLength: 30 });
  fc.assert(
    fc.property(
      fc.constantFrom("forward" as const, "backward" as const),
      texts,
      texts,
      texts,
      (way, added, removed, values) => {
        const trie = new AffixTrie<string>(way);
        const held = new Set(added);
        for (const one of held) trie.add(one, one);
        for (const one of removed) if (held.delete(one)) trie.remove(one, one);
        values.forEach((value, epoch) => {
          const found: string[] = [];
          trie.find(value, epoch + 1, (one) => found.push(one));
          const wanted = [...held].filter((one) => (way === "forward" ? value.startsWith(one) : value.endsWith(one)));
          expect(found.toSorted()).toEqual(wanted.toSorted());
        });
      },
    ),
    { numRuns: 2_000 },
  );
});

test("literals that no wildcard looks for are passed over", () => {
  const wildcards = Array.from({ length: 45 }, (_, index) => ["", "b", "a".repeat(index + 1), ""]);
  const set = new WildcardSet(wildcards);
  expect(set.matches("a".repeat(10_000))).toBe(false);
  expect(set.passed).toBeLessThan(200);
  expect(set.matches(`${"a".repeat(100)}b`)).toBe(false);
  expect(set.matches(`${"a".repeat(100)}ba`)).toBe(true);
});
