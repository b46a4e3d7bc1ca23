import { type Check, prepareAll } from "./check.ts";
import { describeCondition, describeValues } from "./describe.ts";
import { EventFields } from "./event-fields.ts";
import { FieldTree } from "./field-tree.ts";
import { isObject } from "./json-object.ts";
import { parsePattern } from "./parse.ts";
import { holds, satisfied } from "./rule.ts";
import type { Scalar } from "./value-test.ts";

/** One reason why a pattern does not match. */
export interface PatternMismatch {
  /** The names from the root of the event to the field, joined by dots. */
  readonly path: string;
  /** What the pattern wants there, in words. */
  readonly wanted: string;
  /** The values of the field; several where it lies in an array, none where it is missing. */
  readonly values: readonly Scalar[];
  /** What was found, in words. */
  readonly found: string;
}

/** Whether a pattern matches an event, and if not, why. */
export interface PatternExplanation {
  readonly matches: boolean;
  /** How many alternatives the `$or`s of the pattern make; 1 without. */
  readonly alternatives: number;
  /** What is wrong with the alternative that comes nearest to matching; empty if the pattern matches. */
  readonly mismatches: readonly PatternMismatch[];
  /** All of it in plain words, a line each. */
  readonly text: string;
}

/**
 * Says whether a pattern matches an event, and which fields keep it from matching.
 * Agrees with `compilePattern`, and throws `invalid_pattern` as it does.
 */
export function explainPattern(pattern: unknown, event: unknown): PatternExplanation {
  const tree = new FieldTree();
  const alternatives = parsePattern(pattern).map((alternative) => prepareAll(alternative, tree));
  const found = new EventFields(tree);
  found.read(event);
  const count = alternatives.length;
  if (alternatives.some((checks) => satisfied(checks, found))) {
    return { matches: true, alternatives: count, mismatches: [], text: "The pattern matches." };
  }
  const reasons = alternatives.map((checks) => mismatchesOf(checks, found, event));
  const mismatches = reasons.reduce((one, other) => (other.length < one.length ? other : one));
  return { matches: false, alternatives: count, mismatches, text: inWords(mismatches, count) };
}

function mismatchesOf(checks: readonly Check[], found: EventFields, event: unknown): PatternMismatch[] {
  const failing = checks.filter((check) => !holds(check, found));
  if (failing.length > 0) return failing.map((check) => mismatch(check, found, event));
  const inArrays = checks.filter(({ field }) => found.has(field) && found.arrayPaths(field).length > 0);
  return [
    {
      path: inArrays.map(({ condition }) => condition.path).join(", "),
      wanted: "values within the same element of the array around them",
      values: [],
      found: "each of them, but in different elements",
    },
  ];
}

function mismatch({ condition, field }: Check, found: EventFields, event: unknown): PatternMismatch {
  const values = found.has(field) ? [found.first(field), ...found.more(field)] : [];
  return {
    path: condition.path,
    wanted: describeCondition(condition),
    values,
    found: values.length > 0 ? describeValues(values) : describeMissing(condition.path, event),
  };
}

/** How far the path goes, and what is there instead. */
function describeMissing(path: string, event: unknown): string {
  if (!isObject(event)) return "no event: events are JSON objects";
  let at: unknown = event;
  let reached = "the event";
  for (const name of path.split(".")) {
    if (!isObject(at) || !Object.hasOwn(at, name)) return `no such field; ${describeContainer(reached, at)}`;
    at = at[name];
    reached = reached === "the event" ? name : `${reached}.${name}`;
  }
  return `no value; ${describeContainer(reached, at)}`;
}

function describeContainer(reached: string, value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? `${reached} is an empty array` : `${reached} is an array`;
  if (!isObject(value)) return `${reached} has no fields`;
  const names = Object.keys(value);
  if (names.length === 0) return `${reached} is an empty object`;
  const shown = names.slice(0, 10).join(", ");
  return names.length > 10 ? `${reached} has ${shown} and ${names.length - 10} more` : `${reached} has ${shown}`;
}

function inWords(mismatches: readonly PatternMismatch[], alternatives: number): string {
  const lines = mismatches.map(({ path, wanted, found }) => `  ${path}: wanted ${wanted}; found ${found}`);
  const title =
    alternatives === 1
      ? "The pattern does not match:"
      : `None of the pattern's ${alternatives} alternatives matches; the nearest:`;
  return [title, ...lines].join("\n");
}
