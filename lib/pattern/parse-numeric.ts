import { shortForm } from "../error/short-form.ts";
import { below, invalid } from "./invalid.ts";
import type { Test } from "./value-test.ts";

const forms = 'write ["=", 5], ["<", 5] or [">", 0, "<=", 5]';

/** Reads `["=", 5]`, `["<", 5]`, `[">=", 0]` or `[">", 0, "<=", 5]`; of two bounds the lower comes first. */
export function parseNumeric(operand: unknown, place: string): Test {
  if (!Array.isArray(operand)) return invalid(place, `${shortForm(operand)} is no comparison`, forms);
  const terms: readonly unknown[] = operand;
  const [operator, value, second, top] = terms;
  if (operator !== "=" && operator !== "<" && operator !== "<=" && operator !== ">" && operator !== ">=") {
    return invalid(
      below(place, 0),
      `${shortForm(operator)} is no comparison operator`,
      'write one of "=", "<", "<=", ">", ">="',
    );
  }
  const bound = comparable(value, below(place, 1));
  if (operator === "=") return terms.length === 2 ? { kind: "number", value: bound } : tooMany(place);
  if (operator === "<" || operator === "<=") {
    if (terms.length > 2) return tooMany(place);
    return range({ from: -Number.MAX_VALUE, fromOpen: false, to: bound, toOpen: operator === "<" }, place);
  }
  const fromOpen = operator === ">";
  if (terms.length === 2) return range({ from: bound, fromOpen, to: Number.MAX_VALUE, toOpen: false }, place);
  if (second !== "<" && second !== "<=") {
    return invalid(
      below(place, 2),
      `${shortForm(second)} can't close a range`,
      'write "<" or "<=" and the upper bound',
    );
  }
  const to = comparable(top, below(place, 3));
  if (terms.length > 4) return tooMany(place);
  return range({ from: bound, fromOpen, to, toOpen: second === "<" }, place);
}

/**
 * Refuses what can't be compared exactly. A whole number beyond 2^53 with 16 digits or more may have been another one
 * before JSON was parsed; one with fewer digits (6e18), or one so large that it has an exponent, is what was written.
 */
export function comparable(value: unknown, place: string): number {
  if (typeof value !== "number")
    return invalid(place, `${shortForm(value)} is no number`, "write a number, without quotes");
  if (!Number.isFinite(value)) return invalid(place, `${value} can't be compared`, "write a finite number");
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER && Math.abs(value) < 1e21 && significantDigits(value) > 15) {
    return invalid(
      place,
      `${value} is beyond 2^53, where whole numbers can't be told apart`,
      "write a smaller number, or a range",
    );
  }
  return value;
}

function significantDigits(value: number): number {
  return value.toExponential().replace(/e.*/, "").replace(/[-.]/g, "").length;
}

function range(bounds: { from: number; fromOpen: boolean; to: number; toOpen: boolean }, place: string): Test {
  if (bounds.from >= bounds.to) {
    return invalid(
      place,
      `nothing lies between ${bounds.from} and ${bounds.to}`,
      'write a lower bound below the upper one, or ["=", n]',
    );
  }
  return { kind: "range", ...bounds };
}

function tooMany(place: string): never {
  return invalid(place, "there are too many terms", forms);
}
