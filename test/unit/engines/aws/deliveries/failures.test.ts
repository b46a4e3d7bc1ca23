import fc from "fast-check";
import { expect, test } from "vitest";
import type { Failure } from "../../../../../lib/engine/delivery.ts";
import { formatFailures, parseFailures } from "../../../../../lib/engines/aws/deliveries/failures.ts";
import { failed } from "./bench.ts";

test("short failures are kept as they are, with the stack of the newest", () => {
  const failures = [failed(1, { stack: "first" }), failed(2, { code: "timeout", stack: "second" })];
  expect(parseFailures(formatFailures(failures))).toEqual([failed(1), failures[1]]);
  expect(parseFailures(formatFailures([]))).toEqual([]);
});

const failure: fc.Arbitrary<Failure> = fc.record(
  {
    code: fc.constantFrom("handler_error", "timeout", "process_ended"),
    message: fc.string({ unit: "grapheme", maxLength: 400 }),
    stack: fc.string({ unit: "grapheme", maxLength: 4_000 }),
    at: fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-01-01") })
      .map((date) => date.toISOString()),
    attempt: fc.integer({ min: 1, max: 100 }),
  },
  { requiredKeys: ["code", "message", "at", "attempt"] },
);

test("of any failures each keeps its attempt, code and time; texts are whole, or cut at a character", () => {
  fc.assert(
    fc.property(fc.array(failure, { maxLength: 100 }), (failures) => {
      const kept = parseFailures(formatFailures(failures));
      const facts = (all: readonly Failure[]) => all.map(({ code, at, attempt }) => ({ code, at, attempt }));
      expect(facts(kept)).toEqual(facts(failures));
      let bytes = 0;
      for (const [index, { message, stack = "" }] of kept.entries()) {
        expect(failures[index]?.message.startsWith(message)).toBe(true);
        expect((failures[index]?.stack ?? "").startsWith(stack)).toBe(true);
        expect(stack === "" || index === kept.length - 1).toBe(true);
        bytes += Buffer.byteLength(message) + Buffer.byteLength(stack);
      }
      expect(bytes).toBeLessThanOrEqual(440);
    }),
  );
});

test("what is not a list of failures counts as none: it must not stop what comes", () => {
  for (const text of ["", "{}", "[1]", '[["1","code",0,"message"]]']) expect(parseFailures(text)).toEqual([]);
});
