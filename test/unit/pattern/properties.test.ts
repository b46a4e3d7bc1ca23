import fc from "fast-check";
import { expect, test } from "vitest";
import { BusError } from "../../../lib/error/bus-error.ts";
import { compilePattern, compilePatterns, explainPattern } from "../../../lib/pattern/index.ts";
import { event, pattern } from "./arbitraries.ts";

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
