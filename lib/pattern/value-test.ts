import { equalsIgnoringCase, type Fold, fold, prefixIgnoringCase, suffixIgnoringCase } from "./ignore-case.ts";
import { type HexRange, inHexRange, ipToHex } from "./ip.ts";
import { wildcardMatcher } from "./wildcard.ts";

/** A leaf value of an event. */
export type Scalar = string | number | boolean | null;

export function isScalar(value: unknown): value is Scalar {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null;
}

/** A test of a field's value. `anything-but` passes for a value that fails all of its own tests. */
export type Test =
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "literal"; readonly value: boolean | null }
  | { readonly kind: "prefix"; readonly value: string }
  | { readonly kind: "suffix"; readonly value: string }
  | { readonly kind: "equals-ignore-case"; readonly value: string }
  | { readonly kind: "prefix-ignore-case"; readonly value: string }
  | { readonly kind: "suffix-ignore-case"; readonly value: string }
  | { readonly kind: "wildcard"; readonly value: string; readonly literals: readonly string[] }
  | NumericRange
  | { readonly kind: "ip"; readonly value: string; readonly range: HexRange }
  | { readonly kind: "exists" }
  | { readonly kind: "anything-but"; readonly tests: readonly Test[] };

/** A range of numbers. A missing bound is represented by the largest double of its sign. */
export interface NumericRange {
  readonly kind: "range";
  readonly from: number;
  readonly fromOpen: boolean;
  readonly to: number;
  readonly toOpen: boolean;
}

/** Whether a value passes a test. A matcher is compiled once per test, because folding costs more than matching. */
export type Matcher = (value: Scalar) => boolean;

/** Compiles a test. */
export function matcher(test: Test): Matcher {
  switch (test.kind) {
    case "string":
    case "number":
    case "literal":
      return (value) => value === test.value;
    case "prefix":
      return (value) => typeof value === "string" && value.startsWith(test.value);
    case "suffix":
      return (value) => typeof value === "string" && value.endsWith(test.value);
    case "equals-ignore-case":
      return folding(test.value, equalsIgnoringCase);
    case "prefix-ignore-case":
      return folding(test.value, prefixIgnoringCase);
    case "suffix-ignore-case":
      return folding(test.value, suffixIgnoringCase);
    case "wildcard":
      return wildcards([test.literals]);
    case "range":
      return (value) => typeof value === "number" && inRange(test, value);
    case "ip":
      return (value) => {
        const digits = typeof value === "string" ? ipToHex(value) : undefined;
        return digits !== undefined && inHexRange(test.range, digits);
      };
    case "exists":
      return () => true;
    case "anything-but": {
      const excluded = anyOf(test.tests);
      return (value) => !excluded(value);
    }
  }
}

/** Compiles a list of tests to a matcher that passes if one of them does. */
export function anyOf(tests: readonly Test[]): Matcher {
  const exact = new Set<Scalar>();
  const matchers: Matcher[] = [];
  const literals: (readonly string[])[] = [];
  for (const test of tests) {
    if (test.kind === "string" || test.kind === "number" || test.kind === "literal") exact.add(test.value);
    else if (test.kind === "wildcard") literals.push(test.literals);
    else matchers.push(matcher(test));
  }
  if (literals.length > 0) matchers.push(wildcards(literals));
  const [first, ...others] = matchers;
  if (first === undefined) {
    const [only] = exact;
    return exact.size === 1 && only !== undefined ? (value) => value === only : (value) => exact.has(value);
  }
  if (exact.size === 0) return others.length === 0 ? first : oneOf(matchers);
  const other = others.length === 0 ? first : oneOf(matchers);
  return (value) => exact.has(value) || other(value);
}

function oneOf(matchers: readonly Matcher[]): Matcher {
  return (value) => {
    for (const matches of matchers) if (matches(value)) return true;
    return false;
  };
}

/** Whether a number is in the range. */
export function inRange(range: NumericRange, value: number): boolean {
  return (
    (range.fromOpen ? value > range.from : value >= range.from) && (range.toOpen ? value < range.to : value <= range.to)
  );
}

/** How many steps a list of tests takes for a value. */
export interface Cost {
  readonly comparisons: number;
  /** Whether the whole of a string is read. */
  readonly reads: boolean;
}

/** A wildcard with literals between the first and the last takes as long as this many comparisons, beside what is read. */
const wildcardCost = 4;

/** Returns the cost of a list of tests: each is a comparison, wildcards read the whole value. */
export function costOf(tests: readonly Test[]): Cost {
  const flat = tests.flatMap((test) => (test.kind === "anything-but" ? [test, ...test.tests] : [test]));
  const compared = flat.filter(({ kind }) => kind !== "string" && kind !== "number" && kind !== "literal").length;
  const reading = flat.filter((test) => test.kind === "wildcard" && test.literals.length > 2).length;
  return { comparisons: 1 + compared + reading * (wildcardCost - 1), reads: reading > 0 };
}

/** Returns the steps that a list of tests takes for a value. */
export function stepsFor({ comparisons, reads }: Cost, value: Scalar): number {
  return reads && typeof value === "string" ? comparisons + (value.length >> 1) : comparisons;
}

function wildcards(literals: readonly (readonly string[])[]): Matcher {
  const matches = wildcardMatcher(literals);
  return (value) => typeof value === "string" && matches(value);
}

function folding(text: string, matches: (folded: Fold, value: string) => boolean): Matcher {
  const folded = fold(text);
  return (value) => typeof value === "string" && matches(folded, value);
}
