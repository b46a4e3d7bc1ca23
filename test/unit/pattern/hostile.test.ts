import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArrayMatcher } from "../../../lib/pattern/array-matcher.ts";
import { Budget, stepLimit } from "../../../lib/pattern/budget.ts";
import { prepareAll } from "../../../lib/pattern/check.ts";
import { EventFields } from "../../../lib/pattern/event-fields.ts";
import { FieldTree } from "../../../lib/pattern/field-tree.ts";
import { compilePattern, compilePatterns, explainPattern } from "../../../lib/pattern/index.ts";
import { parsePattern } from "../../../lib/pattern/parse.ts";
import { Rule } from "../../../lib/pattern/rule.ts";
import { searchArrays } from "../../../lib/pattern/search-arrays.ts";
import { hostile, spellings } from "../../support/hostile-events.ts";
import { event, pattern } from "./arbitraries.ts";

/** Matches an event and counts the steps. */
function match(onePattern: unknown, oneEvent: unknown): { matches: boolean; steps: number } {
  const tree = new FieldTree();
  const alternatives = prepareAll(parsePattern(onePattern), tree);
  const fields = new EventFields(tree);
  fields.read(oneEvent);
  const matches = !fields.tooDeep && new Rule(alternatives, fields).matches();
  return { matches, steps: fields.budget.spent };
}

const lengths = new WeakMap<object, number>();

/** The length of a value as JSON. What is in it many times, which may multiply to gigabytes, is measured once. */
function lengthAsJson(value: unknown): number {
  if (typeof value !== "object" || value === null) return JSON.stringify(value).length;
  let length = lengths.get(value);
  if (length === undefined) {
    const names = Array.isArray(value) ? [] : Object.keys(value);
    const parts = [...Object.values(value).map(lengthAsJson), ...names.map((name) => JSON.stringify(name).length + 1)];
    length = parts.reduce((sum, part) => sum + part, 1 + Math.max(1, parts.length - names.length));
    lengths.set(value, length);
  }
  return length;
}

const mebibyte = 2 ** 20;

/** One step may be taken beyond the limit, and that one may read a whole string. */
const atMost = stepLimit + 2 * mebibyte;

describe.each(hostile)("$name", ({ pattern: onePattern, event: make }) => {
  test("is matched within the limit of steps, whatever the size", () => {
    for (const size of [1_000, 30_000, mebibyte]) {
      const { steps } = match(onePattern, make(size));
      expect(steps).toBeLessThan(atMost);
    }
  });

  test("the index agrees with the pattern alone", () => {
    const small = make(2_000);
    const index = compilePatterns({ one: onePattern });
    expect(index(small).length === 1).toBe(compilePattern(onePattern)(small));
    expect(index.text(JSON.stringify(small))).toEqual(index(small));
    expect(explainPattern(onePattern, small).matches).toBe(compilePattern(onePattern)(small));
  });
});

test("events without dotted names take steps in proportion to their size", () => {
  const kinds = hostile.filter(({ name }) => !/spelled|dotted|twin|levels/.test(name));
  expect(kinds.length).toBeGreaterThan(10);
  for (const { pattern: onePattern, event: make } of kinds) {
    const [small, large] = [match(onePattern, make(10_000)).steps, match(onePattern, make(80_000)).steps];
    expect(large).toBeLessThan(small * 8 * 2 + 20_000);
  }
});

test("an event that takes too many steps does not match, and the explanation says why", () => {
  const letters = ["p", "q", "r", "s", "t", "u", "v"];
  const wanted = { "a.b.c.d": Object.fromEntries([...letters, "w"].map((letter) => [letter, [1]])) };
  const twins = spellings((way) => Array.from({ length: 12 }, () => ({ [letters[way] ?? "x"]: 1, w: way })));
  expect(match(wanted, twins)).toEqual({ matches: false, steps: expect.toSatisfy((steps) => steps > stepLimit) });
  expect(explainPattern(wanted, twins).text).toBe(
    "The pattern does not match:\n  the event: expected a comparison in at most 10,000,000 steps; found more; spell each field in one way, and use shorter arrays or fewer alternatives",
  );
  const few = spellings((way) => [{ [letters[way] ?? "w"]: 1 }]);
  expect(match(wanted, few).matches).toBe(true);
});

test("an event nested more deeply than may be published matches nothing, and the explanation says so", () => {
  let deep: unknown = { b: 1 };
  for (let level = 0; level < 4_000; level += 1) deep = [deep];
  for (const one of [{ a: { b: [1] } }, { a: { b: [{ exists: false }] } }]) {
    expect(compilePattern(one)({ a: deep })).toBe(false);
    expect(compilePatterns({ one })({ a: deep })).toEqual([]);
    expect(explainPattern(one, { a: deep }).text).toContain("expected at most 1,000 levels of objects and arrays");
  }
  expect(compilePattern({ c: [1] })({ a: deep, c: 1 })).toBe(true);
});

describe("both ways to match arrays consistently", () => {
  /** Names without dots: a field has one spelling. */
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll('"a.b":', '"d":').replaceAll('"b.c":', '"e":'));

  test("agree on events in which no field has two spellings", () => {
    const names = fc.constantFrom("a", "b", "a-", "b-");
    const values = fc.array(fc.constantFrom<unknown>(1, 2, { exists: false }, { exists: true }), {
      minLength: 1,
      maxLength: 2,
    });
    const nested = fc.letrec<{ fields: Record<string, unknown>; value: unknown; wanted: Record<string, unknown> }>(
      (tie) => ({
        wanted: fc.dictionary(names, fc.oneof({ maxDepth: 2 }, values, tie("wanted")), { minKeys: 1, maxKeys: 3 }),
        fields: fc.dictionary(names, tie("value"), { minKeys: 1, maxKeys: 3 }),
        value: fc.oneof(
          { maxDepth: 5 },
          fc.constantFrom(1, 2),
          tie("fields"),
          fc.array(tie("value"), { minLength: 1, maxLength: 4 }),
        ),
      }),
    );
    const agree = (onePattern: unknown, oneEvent: unknown) => {
      const tree = new FieldTree();
      const alternatives = prepareAll(parsePattern(onePattern), tree);
      const fields = new EventFields(tree);
      fields.read(oneEvent);
      if (fields.dotted || fields.event === undefined) return;
      const searched = alternatives.some((checks) => searchArrays(checks, fields));
      expect(new ArrayMatcher(alternatives, new Budget()).matches(fields.event)).toBe(searched);
    };
    fc.assert(fc.property(nested.wanted, nested.fields, agree), { numRuns: 5_000, seed: 10 });
    fc.assert(
      fc.property(nested.wanted, nested.wanted, nested.fields, (one, other, about) => {
        agree({ $or: [one, other] }, about);
      }),
      { numRuns: 2_000, seed: 11 },
    );
    fc.assert(
      fc.property(pattern, event, (one, about) => {
        agree(one, plain(about));
      }),
      { numRuns: 2_000, seed: 12 },
    );
  });
});

test("no pattern finds an event that takes more steps than the limit", () => {
  const bits = fc.constantFrom("a", "b", "c", "a.b", "b.c", "a.b.c");
  const values = fc.array(
    fc.constantFrom<unknown>(
      1,
      2,
      { exists: false },
      { wildcard: "*a*a*b*" },
      { prefix: "a" },
      { "anything-but": [1] },
      { cidr: "::/0" },
    ),
    { minLength: 1, maxLength: 3 },
  );
  const wanted = fc.letrec<{ fields: Record<string, unknown> }>((tie) => ({
    fields: fc.dictionary(bits, fc.oneof({ maxDepth: 3 }, values, tie("fields")), { minKeys: 1, maxKeys: 6 }),
  })).fields;
  const patterns = fc.oneof(
    wanted,
    fc.array(wanted, { minLength: 2, maxLength: 5 }).map(($or) => ({ $or })),
    fc
      .tuple(wanted, fc.array(wanted, { minLength: 2, maxLength: 4 }))
      .map(([a, $or]) => ({ a: { ...a, $or }, "a.b": { $or } })),
  );
  const leaf = fc.constantFrom<unknown>(1, 2, 3, "aaaaaaaaaaaaaaaaaaaaaaab", "10.0.0.1");
  const blocks = fc.letrec<{ fields: Record<string, unknown>; value: unknown }>((tie) => ({
    fields: fc.dictionary(bits, tie("value"), { minKeys: 1, maxKeys: 5 }),
    value: fc.oneof(
      { maxDepth: 5 },
      leaf,
      tie("fields"),
      fc
        .tuple(fc.array(tie("value"), { minLength: 1, maxLength: 4 }), fc.constantFrom(1, 1, 2, 8, 64))
        .map(([elements, times]) => Array.from({ length: times }, () => elements).flat()),
    ),
  })).fields;
  const sized = fc.tuple(blocks, fc.constantFrom(1, 20)).filter(([one]) => lengthAsJson(one) < 200_000);
  fc.assert(
    fc.property(patterns, sized, (onePattern, [about, times]) => {
      const event = times === 1 ? about : { ...about, a: Array.from({ length: times }, () => about.a ?? about) };
      expect(match(onePattern, event).steps).toBeLessThan(atMost);
    }),
    { numRuns: 400, seed: 1 },
  );
});
