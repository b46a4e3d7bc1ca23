import { describe, expect, test } from "vitest";
import { compilePattern, compilePatterns } from "../../../lib/pattern/index.ts";

const matches = (pattern: unknown, event: unknown): boolean => {
  const one = compilePattern(pattern)(event);
  expect(compilePatterns({ pattern })(event)).toEqual(one ? ["pattern"] : []);
  return one;
};

describe("field names", () => {
  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("%s is a field like any other", (name) => {
    const pattern: unknown = JSON.parse(`{"${name}":[{"exists":true}]}`);
    expect(matches(pattern, {})).toBe(false);
    expect(matches(pattern, JSON.parse(`{"${name}":1}`))).toBe(true);
    expect(matches(JSON.parse(`{"a":{"${name}":{"b":[1]}}}`), JSON.parse(`{"a":{"${name}":{"b":1}}}`))).toBe(true);
    expect(matches(JSON.parse(`{"a":{"${name}":{"b":[1]}}}`), { a: {} })).toBe(false);
  });

  test("inherited fields are ignored", () => {
    expect(matches({ a: { b: [1] } }, Object.create({ a: { b: 1 } }))).toBe(false);
    expect(matches({ a: [1] }, Object.create({ a: 1 }))).toBe(false);
  });

  test("a dotted name is a path, in the pattern and in the event", () => {
    for (const pattern of [{ a: { b: { c: [1] } } }, { "a.b": { c: [1] } }, { a: { "b.c": [1] } }, { "a.b.c": [1] }]) {
      for (const event of [{ a: { b: { c: 1 } } }, { "a.b": { c: 1 } }, { a: { "b.c": 1 } }, { "a.b.c": 1 }]) {
        expect(matches(pattern, event)).toBe(true);
      }
    }
  });

  test("a repeated path replaces the earlier one", () => {
    expect(matches({ "a.b": [1], a: { b: [2] } }, { a: { b: 2 } })).toBe(true);
    expect(matches({ "a.b": [1], a: { b: [2] } }, { a: { b: 1 } })).toBe(false);
  });
});

describe("arrays", () => {
  test("the fields of a pattern must match in the same element", () => {
    const pattern = { items: { kind: ["x"], size: [1] } };
    expect(matches(pattern, { items: [{ kind: "x", size: 1 }] })).toBe(true);
    expect(
      matches(pattern, {
        items: [
          { kind: "x", size: 2 },
          { kind: "y", size: 1 },
        ],
      }),
    ).toBe(false);
    expect(matches(pattern, { items: [[{ kind: "x" }, { size: 1 }]] })).toBe(false);
  });

  test("elements of different arrays are independent", () => {
    const event = { a: [{ x: 1 }, { x: 2 }], b: [{ y: 1 }, { y: 2 }] };
    expect(matches({ a: { x: [1] }, b: { y: [2] } }, event)).toBe(true);
  });

  test("`exists: false` applies to the element that earlier fields matched", () => {
    expect(matches({ a: { x: [1], z: [{ exists: false }] } }, { a: [{ x: 1 }, { z: 2 }] })).toBe(true);
    expect(matches({ a: { x: [{ exists: false }], z: [2] } }, { a: [{ x: 1 }, { z: 2 }] })).toBe(false);
  });

  test("another element is tried if a later field does not match", () => {
    const pattern = { a: { x: [1], y: [1], z: [1] } };
    expect(
      matches(pattern, {
        a: [
          { x: 1, y: 1 },
          { x: 1, z: 1 },
          { x: 1, y: 1, z: 1 },
        ],
      }),
    ).toBe(true);
    expect(
      matches(pattern, {
        a: [
          { x: 1, y: 1 },
          { x: 1, z: 1 },
          { y: 1, z: 1 },
        ],
      }),
    ).toBe(false);
  });

  test("two arrays of ten thousand elements each are matched without trying all combinations", () => {
    const elements = Array.from({ length: 10_000 }, (_, n) => ({ x: 1, y: n }));
    const pattern = { a: { x: [1], y: [9_999] }, b: { x: [1], y: [9_998] } };
    expect(matches(pattern, { a: elements, b: elements })).toBe(true);
    expect(matches({ a: { x: [1] }, b: { x: [1] }, c: [1] }, { a: elements, b: elements })).toBe(false);
  });

  test("a dotted name next to the array of its path does not match together with an element of it, as in AWS's engine", () => {
    expect(matches({ "a.a": ["k"], "a.b": ["x"] }, { a: [{ a: "k", b: "y" }], "a.b": "x" })).toBe(false);
    expect(matches({ "a.a": ["k"], "a.b": ["x"] }, { a: [{ a: "k" }], "a.b": "x" })).toBe(true);
    expect(matches({ "a.b": ["x"], "a.c": ["y"] }, { "a.b": "x", a: [{ b: "z", c: "y" }] })).toBe(true);
  });
});

describe("a value that is not an event", () => {
  test.each([null, undefined, 5, "x", true, [{ a: 1 }], () => 1])("%s never matches", (value) => {
    expect(matches({ a: [1] }, value)).toBe(false);
  });

  test("undefined and functions do not count as values", () => {
    expect(matches({ a: [{ exists: true }] }, { a: undefined })).toBe(false);
    expect(matches({ a: [{ exists: false }] }, { a: () => 1 })).toBe(true);
  });
});

describe("compilePatterns", () => {
  test("returns each name once, in the order of the record", () => {
    const match = compilePatterns({
      last: { $or: [{ type: ["a"] }, { type: [{ prefix: "a" }] }] },
      first: { type: ["a"] },
      other: { type: ["b"] },
      any: { type: [{ exists: true }] },
    });
    expect(match({ type: "a" })).toEqual(["last", "first", "any"]);
    expect(match({ type: "b" })).toEqual(["other", "any"]);
    expect(match({})).toEqual([]);
  });

  test("matches nothing without patterns", () => {
    expect(compilePatterns({})({ a: 1 })).toEqual([]);
  });

  test("does not remember the previous event", () => {
    const match = compilePatterns({ both: { a: { x: [1], y: [1] } }, missing: { a: { x: [{ exists: false }] } } });
    expect(match({ a: [{ x: 1, y: 1 }, { x: 1 }] })).toEqual(["both"]);
    expect(match({ a: { y: 1 } })).toEqual(["missing"]);
    expect(match({ a: { x: 1, y: 1 } })).toEqual(["both"]);
    expect(match({ a: [{ x: 1 }, { y: 1 }] })).toEqual([]);
  });

  test("distinguishes thousands of values, prefixes, suffixes, ranges, wildcards and address blocks", () => {
    const patterns: Record<string, unknown> = {};
    for (let n = 0; n < 1_000; n += 1) {
      patterns[`value ${n}`] = { a: [`value-${n}-end`] };
      patterns[`prefix ${n}`] = { a: [{ prefix: `value-${n}-` }] };
      patterns[`suffix ${n}`] = { a: [{ suffix: `-${n}-end` }] };
      patterns[`caseless ${n}`] = { a: [{ prefix: { "equals-ignore-case": `VALUE-${n}-` } }] };
      patterns[`inside ${n}`] = { a: [{ wildcard: `*-${n}-*` }] };
      patterns[`range ${n}`] = { a: [{ numeric: [">=", n, "<", n + 2] }] };
      patterns[`block ${n}`] = { a: [{ cidr: `10.${n >> 8}.${n & 255}.0/24` }] };
    }
    const match = compilePatterns(patterns);
    expect(match({ a: "value-77-end" })).toEqual(["value 77", "prefix 77", "suffix 77", "caseless 77", "inside 77"]);
    expect(match({ a: 500 })).toEqual(["range 499", "range 500"]);
    expect(match({ a: "10.2.3.4" })).toEqual(["block 515"]);
  });
});
