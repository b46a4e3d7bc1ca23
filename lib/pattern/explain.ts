import { readable } from "../error/readable.ts";
import { stepLimit } from "./budget.ts";
import { type Check, prepareAll } from "./check.ts";
import { describeCondition, describeValues } from "./describe.ts";
import { EventFields } from "./event-fields.ts";
import { FieldTree } from "./field-tree.ts";
import { isObject } from "./json-object.ts";
import { nearestEdits, type PatternEdit } from "./nearest-edit.ts";
import { parsePattern } from "./parse.ts";
import { holds, Rule } from "./rule.ts";
import type { Scalar } from "./value-test.ts";

/** One reason why a pattern does not match. */
export interface PatternMismatch {
  /** The names from the root of the event to the field, joined by dots. */
  readonly path: string;
  /** What the pattern expects at the path, in words. */
  readonly expected: string;
  /** The values of the field: several if it is in an array, none if it is missing. */
  readonly values: readonly Scalar[];
  /** What the event has at the path, in words. */
  readonly found: string;
}

/** Whether a pattern matches an event, and if not, why. */
export interface PatternExplanation {
  /** Whether the pattern matches the event. */
  readonly matches: boolean;
  /** The number of alternatives that the pattern's `$or`s expand to; 1 without `$or`. */
  readonly alternatives: number;
  /** The mismatches of the alternative with the fewest; empty if the pattern matches. */
  readonly mismatches: readonly PatternMismatch[];
  /**
   * The smallest changes to the pattern with which that alternative matches the event, one for each mismatch; empty if the
   * pattern matches, or if no change of single fields makes it match.
   */
  readonly edits: readonly PatternEdit[];
  /** The explanation as text, one line for each mismatch. */
  readonly text: string;
}

/**
 * Explains whether a pattern matches an event, and which fields keep it from matching. Agrees with `compilePattern`, and
 * throws `invalid_pattern` as it does. `invalid_config` for an event that cannot be read.
 */
export function explainPattern(pattern: unknown, event: unknown): PatternExplanation {
  const tree = new FieldTree();
  const alternatives = prepareAll(parsePattern(pattern), tree);
  return readable("explainPattern: the event", () => explain(alternatives, tree, event));
}

function explain(alternatives: ReturnType<typeof prepareAll>, tree: FieldTree, event: unknown): PatternExplanation {
  const fields = new EventFields(tree);
  fields.read(event);
  const count = alternatives.length;
  if (!fields.tooDeep && new Rule(alternatives, fields).matches()) {
    return { matches: true, alternatives: count, mismatches: [], edits: [], text: "The pattern matches." };
  }
  const refused = refusal(fields);
  if (refused !== undefined) {
    return { matches: false, alternatives: count, mismatches: [refused], edits: [], text: formatText([refused], 1) };
  }
  const reasons = alternatives.map((checks) => ({ checks, mismatches: mismatchesOf(checks, fields, event) }));
  const { checks, mismatches } = reasons.reduce((one, other) =>
    other.mismatches.length < one.mismatches.length ? other : one,
  );
  const failed = failing(checks, fields).map(({ condition, field }) => ({
    condition,
    values: valuesOf(field, fields),
  }));
  const conditions = checks.map(({ condition }) => condition);
  const edits = nearestEdits(conditions, failed, event);
  return { matches: false, alternatives: count, mismatches, edits, text: formatText(mismatches, count) };
}

/** Why an event was not matched to the end. */
function refusal(fields: EventFields): PatternMismatch | undefined {
  const mismatch = { path: "the event", values: [] };
  if (fields.tooDeep) {
    return { ...mismatch, expected: "at most 1,000 levels of objects and arrays", found: "more; make it flatter" };
  }
  if (!fields.budget.exhausted) return undefined;
  const expected = `a comparison in at most ${stepLimit.toLocaleString("en")} steps`;
  const found = "more; spell each field in one way, and use shorter arrays or fewer alternatives";
  return { ...mismatch, expected, found };
}

function mismatchesOf(checks: readonly Check[], fields: EventFields, event: unknown): PatternMismatch[] {
  const failed = failing(checks, fields);
  if (failed.length > 0) return failed.map((check) => mismatch(check, fields, event));
  const inArrays = checks.filter(({ field }) => fields.inArray(field));
  return [
    {
      path: inArrays.map(({ condition }) => condition.path).join(", "),
      expected: "values in the same element of the array that contains them",
      values: [],
      found: "each value, but in different elements",
    },
  ];
}

function failing(checks: readonly Check[], fields: EventFields): readonly Check[] {
  return checks.filter((check) => !holds(check, fields));
}

function valuesOf(field: number, fields: EventFields): readonly Scalar[] {
  return fields.has(field) ? [fields.first(field), ...fields.more(field)] : [];
}

function mismatch({ condition, field }: Check, fields: EventFields, event: unknown): PatternMismatch {
  const values = valuesOf(field, fields);
  return {
    path: condition.path,
    expected: describeCondition(condition),
    values,
    found: values.length > 0 ? describeValues(values) : describeMissing(condition.path, event),
  };
}

/** Describes how much of the path exists, and what the event has instead. */
function describeMissing(path: string, event: unknown): string {
  if (!isObject(event)) return "a value that is not an event: events are JSON objects";
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

function formatText(mismatches: readonly PatternMismatch[], alternatives: number): string {
  const lines = mismatches.map(({ path, expected, found }) => `  ${path}: expected ${expected}; found ${found}`);
  const title =
    alternatives === 1
      ? "The pattern does not match:"
      : `None of the pattern's ${alternatives} alternatives matches; the nearest one:`;
  return [title, ...lines].join("\n");
}
