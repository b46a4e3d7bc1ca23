import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FieldTree } from "../../../lib/pattern/field-tree.ts";
import { compilePattern, PatternIndex } from "../../../lib/pattern/index.ts";
import { RangeIndex } from "../../../lib/pattern/range-index.ts";
import { inRange, type NumericRange } from "../../../lib/pattern/value-test.ts";
import { event, pattern } from "./arbitraries.ts";

/** The kinds of rules, each in a form that shares all but one condition, and in one that shares nothing. */
const kinds: Readonly<Record<string, (rule: number) => unknown>> = {
  exact: (rule) => ({ type: [`type-${rule}`] }),
  "exact beside a shared condition": (rule) => ({ type: ["shared"], data: { key: [`key-${rule}`] } }),
  prefix: (rule) => ({ type: [{ prefix: `type-${rule}.` }] }),
  suffix: (rule) => ({ type: [{ suffix: `.type-${rule}` }] }),
  wildcard: (rule) => ({ type: [{ wildcard: `*-${rule}-*` }] }),
  "numeric range": (rule) => ({ type: ["shared"], data: { size: [{ numeric: [">", rule, "<=", rule + 2] }] } }),
  "anything-but": (rule) => ({ data: { kind: [{ "anything-but": [`kind-${rule}`] }] } }),
  exists: (rule) => ({ type: ["shared"], data: { [`field-${rule}`]: [{ exists: true }] } }),
  "exists: false": (rule) => ({ data: { [`field-${rule}`]: [{ exists: false }] } }),
  cidr: (rule) => ({ data: { ip: [{ cidr: `10.${rule >> 8}.${rule & 255}.0/24` }] } }),
  $or: (rule) => ({ $or: [{ type: [`type-${rule}`] }, { data: { key: [`key-${rule}`] } }] }),
  equal: () => ({ type: ["shared"], data: { kind: ["kind-1"] } }),
};

describe.each(Object.entries(kinds))("10,000 rules of one kind: %s", (_, make) => {
  test("adding or removing one takes a bounded amount of work", () => {
    const index = new PatternIndex<number>();
    for (let rule = 0; rule < 10_000; rule += 1) index.add(rule, make(rule));
    expect(index.size).toBe(10_000);
    for (let change = 0; change < 100; change += 1) {
      const rule = (change * 97) % 10_000;
      let before = index.work;
      expect(index.delete(rule)).toBe(true);
      expect(index.work - before).toBeLessThan(10);
      before = index.work;
      index.add(rule, make(rule));
      expect(index.work - before).toBeLessThan(200);
    }
    expect(index.size).toBe(10_000);
  });

  test("matches as each rule alone would, before and after changes", () => {
    const index = new PatternIndex<number>();
    for (let rule = 0; rule < 300; rule += 1) index.add(rule, make(rule));
    for (let rule = 0; rule < 300; rule += 3) index.delete(rule);
    for (let rule = 300; rule < 350; rule += 1) index.add(rule, make(rule));
    const live = Array.from({ length: 350 }, (_, rule) => rule).filter((rule) => rule >= 300 || rule % 3 !== 0);
    const events = [7, 8, 9, 299, 301].flatMap((n) => [
      { type: `type-${n}`, data: { key: `key-${n}`, size: n + 1, kind: `kind-${n}`, ip: `10.0.${n & 255}.9` } },
      { type: "shared", data: { key: `key-${n}`, size: n + 2, [`field-${n}`]: null, kind: "kind-1" } },
      { type: `type-${n}.x-${n}-y.type-${n + 1}`, data: {} },
    ]);
    for (const one of events) expect(index.match(one)).toEqual(live.filter((rule) => compilePattern(make(rule))(one)));
  });
});

test("an event is compared only with rules that differ from others in what it has", () => {
  const index = new PatternIndex<number>();
  const evaluated: number[] = [];
  for (let rule = 0; rule < 10_000; rule += 1) {
    index.add(rule, {
      type: ["shared"],
      data: { size: [{ numeric: [">=", rule, "<", rule + 1] }], kind: ["document"] },
    });
  }
  for (const size of [0, 5_000, 9_999.5, 20_000]) {
    const before = index.evaluated;
    const matched = index.match({ type: "shared", data: { size, kind: "document" } });
    expect(matched).toEqual(size < 10_000 ? [Math.floor(size)] : []);
    evaluated.push(index.evaluated - before);
  }
  expect(Math.max(...evaluated)).toBeLessThan(20);
});

test("an index that changes matches as one that was built at once", () => {
  const change = fc.tuple(
    fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"),
    fc.option(pattern, { nil: undefined }),
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          change.map((one) => ({ change: one })),
          event.map((one) => ({ event: one })),
        ),
        { maxLength: 40 },
      ),
      (steps) => {
        const index = new PatternIndex<string>();
        const live = new Map<string, unknown>();
        for (const step of steps) {
          if ("event" in step) {
            const wanted = [...live].filter(([, one]) => compilePattern(one)(step.event)).map(([name]) => name);
            expect(index.match(step.event)).toEqual(wanted);
            continue;
          }
          const [name, one] = step.change;
          live.delete(name);
          if (one === undefined) index.delete(name);
          else {
            live.set(name, one);
            index.add(name, one);
          }
        }
      },
    ),
    { numRuns: 500, seed: 4 },
  );
});

test("many patterns of few values split their buckets, and match as each alone would", () => {
  fc.assert(
    fc.property(
      fc.array(pattern, { minLength: 100, maxLength: 200 }),
      fc.array(event, { maxLength: 5 }),
      (patterns, events) => {
        const index = new PatternIndex<number>();
        patterns.forEach((one, name) => {
          index.add(name, { z: [1], ...one });
        });
        patterns.forEach((_, name) => {
          if (name % 2 === 0) index.delete(name);
        });
        const alone = patterns.map((each) => compilePattern({ z: [1], ...each }));
        for (const about of events) {
          const one = { ...about, z: 1 };
          const wanted = alone.flatMap((matches, name) => (name % 2 === 1 && matches(one) ? [name] : []));
          expect(index.match(one)).toEqual(wanted);
        }
      },
    ),
    { numRuns: 30, seed: 5 },
  );
});

test("a pattern that is refused changes nothing", () => {
  const index = new PatternIndex<string>();
  index.add("one", { a: [1] });
  expect(() => index.add("one", { a: [] })).toThrow("pattern.a: must have at least one value");
  expect(index.match({ a: 1 })).toEqual(["one"]);
  expect(index.delete("two")).toBe(false);
});

test("a field tree without fields is empty again", () => {
  const tree = new FieldTree();
  const numbers = ["a.b.c", "a.b", "a.b.c"].map((path) => tree.number(path));
  expect(numbers[0]).toBe(numbers[2]);
  for (const path of ["a.b.c", "a.b"]) tree.release(path);
  expect([...tree.root.children.keys()]).toEqual(["a"]);
  tree.release("a.b.c");
  expect(tree.root.children.size).toBe(0);
  expect(tree.number("x")).toBeLessThan(2);
});

test("a range index finds what a scan finds, while ranges come and go", () => {
  const bound = fc.integer({ min: 0, max: 20 });
  const range = fc.tuple(bound, bound, fc.boolean(), fc.boolean()).map(
    ([one, other, fromOpen, toOpen]): NumericRange => ({
      kind: "range",
      from: Math.min(one, other),
      to: Math.max(one, other),
      fromOpen,
      toOpen,
    }),
  );
  fc.assert(
    fc.property(fc.array(range, { maxLength: 60 }), fc.array(bound), (ranges, removed) => {
      const index = new RangeIndex<number>();
      const live = new Map(ranges.entries());
      ranges.forEach((one, entry) => {
        index.add(one, entry);
      });
      for (const entry of removed) {
        const one = live.get(entry);
        if (one !== undefined) index.remove(one, entry);
        live.delete(entry);
      }
      for (let value = -0.5; value < 21; value += 0.5) {
        const found: number[] = [];
        // Each number is an epoch of its own.
        index.find(value, value + 1, (entry) => found.push(entry));
        const scanned = [...live].filter(([, one]) => inRange(one, value)).map(([entry]) => entry);
        expect(found.toSorted((a, b) => a - b)).toEqual(scanned);
      }
    }),
    { seed: 6 },
  );
});
