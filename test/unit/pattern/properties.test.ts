import fc from "fast-check";
import { expect, test } from "vitest";
import { BusError } from "../../../lib/error/bus-error.ts";
import { compilePattern, compilePatterns, explainPattern } from "../../../lib/pattern/index.ts";
import type { PatternEdit } from "../../../lib/pattern/nearest-edit.ts";
import { event, pattern } from "./arbitraries.ts";

/** A pattern without `$or` as one object of dotted names, with the edits made. */
function editedPattern(pattern: unknown, edits: readonly PatternEdit[]): Record<string, unknown> {
  const lists = new Map<string, unknown[]>();
  const walk = (node: unknown, path: string): void => {
    if (Array.isArray(node)) lists.set(path, node);
    else for (const [name, below] of Object.entries(Object(node))) walk(below, path === "" ? name : `${path}.${name}`);
  };
  walk(pattern, "");
  for (const { path, add, rename } of edits) {
    const values = lists.get(path) ?? [];
    lists.delete(path);
    // Where the new name has a list already, this replaces it: one field has one list.
    lists.set(rename ?? path, rename === undefined ? [...values, add] : values);
  }
  return Object.fromEntries(lists);
}

test("compilePatterns agrees with compilePattern, in the order of the record", () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 12 }), fc.array(event, { maxLength: 6 }), (patterns, events) => {
      const record = Object.fromEntries(patterns.map((one, index) => [`rule-${index}`, one]));
      const match = compilePatterns(record);
      const predicates = Object.entries(record).map(([name, one]) => [name, compilePattern(one)] as const);
      for (const one of events) {
        expect(match(one)).toEqual(predicates.filter(([, matches]) => matches(one)).map(([name]) => name));
      }
    }),
    { numRuns: 500 },
  );
});

test("explainPattern agrees with compilePattern, and has mismatches exactly if the pattern does not match", () => {
  fc.assert(
    fc.property(pattern, event, (one, about) => {
      const explanation = explainPattern(one, about);
      expect(explanation.matches).toBe(compilePattern(one)(about));
      expect(explanation.mismatches.length > 0).toBe(!explanation.matches);
    }),
    { numRuns: 1_000 },
  );
});

test("a pattern without $or matches after its nearest edits, and has some for every event without arrays", () => {
  fc.assert(
    fc.property(pattern, event, (one, about) => {
      const { edits, matches, mismatches } = explainPattern(one, about);
      fc.pre(!matches && !JSON.stringify(one).includes("$or"));
      if (edits.length === 0) {
        // As a statement: what an assertion returns is not a verdict.
        expect(JSON.stringify(about)).toContain("[");
        return;
      }
      expect(edits.map(({ path }) => path)).toEqual(mismatches.map(({ path }) => path));
      expect(compilePattern(editedPattern(one, edits))(about)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test("a compiled pattern accepts any JSON value", () => {
  fc.assert(
    fc.property(pattern, fc.jsonValue(), (one, about) => {
      expect(typeof compilePattern(one)(about)).toBe("boolean");
    }),
  );
});

test("the result does not change after a JSON round trip of pattern and event", () => {
  fc.assert(
    fc.property(pattern, event, (one, about) => {
      const again = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
      expect(compilePattern(again(one))(again(about))).toBe(compilePattern(one)(about));
    }),
  );
});

test("compilePattern throws only BusError invalid_pattern, for any value", () => {
  const operators = fc.constantFrom(
    "prefix",
    "suffix",
    "numeric",
    "anything-but",
    "cidr",
    "exists",
    "wildcard",
    "$or",
    "a",
  );
  const operator = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>("a", "", "**", "\\", "10.0.0.0/8", 5, Number.NaN, true, null, undefined, ">", "<="),
      fc.array(tie("node"), { maxLength: 3 }),
      fc.dictionary(operators, tie("node"), { maxKeys: 2 }),
    ),
  })).node;
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.anything(), operator), (anything) => {
      try {
        compilePattern(anything);
      } catch (error) {
        expect(error).toBeInstanceOf(BusError);
        expect(error).toMatchObject({ code: "invalid_pattern", message: expect.stringMatching(/^pattern.*: .+/s) });
      }
    }),
    { numRuns: 2_000 },
  );
});
