import { below, invalid, invalidValue } from "./invalid.ts";
import type { Test } from "./value-test.ts";

const forms = '["=", 5], ["<", 5] or [">", 0, "<=", 5]';

/** Parses `["=", 5]`, `["<", 5]`, `[">=", 0]` or `[">", 0, "<=", 5]`; of two bounds the lower comes first. */
export function parseNumeric(operand: unknown, position: string): Test {
  if (!Array.isArray(operand)) return invalidValue(position, `a comparison such as ${forms}`, operand);
  const terms: readonly unknown[] = operand;
  const [operator, value, second, top] = terms;
  if (operator !== "=" && operator !== "<" && operator !== "<=" && operator !== ">" && operator !== ">=") {
    return invalidValue(below(position, 0), '"=", "<", "<=", ">" or ">="', operator);
  }
  const bound = comparable(value, below(position, 1));
  if (operator === "=") return terms.length === 2 ? { kind: "number", value: bound } : tooMany(position);
  if (operator === "<" || operator === "<=") {
    if (terms.length > 2) return tooMany(position);
    return range({ from: -Number.MAX_VALUE, fromOpen: false, to: bound, toOpen: operator === "<" }, position);
  }
  const fromOpen = operator === ">";
  if (terms.length === 2) return range({ from: bound, fromOpen, to: Number.MAX_VALUE, toOpen: false }, position);
  if (second !== "<" && second !== "<=") return invalidValue(below(position, 2), '"<" or "<="', second);
  const to = comparable(top, below(position, 3));
  if (terms.length > 4) return tooMany(position);
  return range({ from: bound, fromOpen, to, toOpen: second === "<" }, position);
}

/**
 * Returns a number that can be compared exactly, or throws `invalid_pattern`. JSON parsing may have changed an integer beyond
 * 2^53 with 16 or more digits; one with fewer significant digits (6e18), or one so large that it is written with an exponent,
 * is what the pattern has.
 */
export function comparable(value: unknown, position: string): number {
  if (typeof value !== "number") return invalidValue(position, "a number", value);
  if (!Number.isFinite(value)) return invalidValue(position, "a finite number", value);
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER && Math.abs(value) < 1e21 && significantDigits(value) > 15) {
    return invalid(position, `${value} is beyond 2^53, where integers are not exact; use a smaller number or a range`);
  }
  return value;
}

function significantDigits(value: number): number {
  return value.toExponential().replace(/e.*/, "").replace(/[-.]/g, "").length;
}

function range(bounds: { from: number; fromOpen: boolean; to: number; toOpen: boolean }, position: string): Test {
  if (bounds.from >= bounds.to) {
    return invalid(
      position,
      `the range from ${bounds.from} to ${bounds.to} is empty; use a lower bound below the upper one, or ["=", n]`,
    );
  }
  return { kind: "range", ...bounds };
}

function tooMany(position: string): never {
  return invalid(position, `has too many terms; write ${forms}`);
}
