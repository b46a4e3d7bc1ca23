import { nearest } from "../event/nearest.ts";
import { prepareAll } from "./check.ts";
import type { Alternative, Condition } from "./condition.ts";
import { EventFields } from "./event-fields.ts";
import { FieldTree } from "./field-tree.ts";
import { equalsIgnoringCase, fold } from "./ignore-case.ts";
import { isObject } from "./json-object.ts";
import { parseValues } from "./parse-values.ts";
import type { PatternValue } from "./pattern.ts";
import { Rule } from "./rule.ts";
import { isScalar, type NumericRange, type Scalar, type Test } from "./value-test.ts";

/** A change of one field of a pattern with which it would match. */
export type PatternEdit = {
  /** The names from the root of the event to the field of the pattern, joined by dots. */
  readonly path: string;
  /** The change in words: `add "image"`. */
  readonly text: string;
} & (
  | {
      /** The value to add to the list of the field. */
      readonly add: PatternValue;
      readonly rename?: never;
    }
  | {
      /** The path under which the event has a value that the pattern accepts. */
      readonly rename: string;
      readonly add?: never;
    }
);

/** What one field of an alternative expects, and what the event has there. */
export interface FailedCondition {
  readonly condition: Condition;
  readonly values: readonly Scalar[];
}

/**
 * The smallest changes of an alternative with which it matches an event, one for each failed condition; none where no such
 * change makes it match, as for values that are in different elements of an array.
 */
export function nearestEdits(
  alternative: Alternative,
  failed: readonly FailedCondition[],
  event: unknown,
): readonly PatternEdit[] {
  if (failed.length === 0) return [];
  const edited = failed.map((one) => ({ condition: one.condition, edit: editOf(one, event) }));
  const after = alternative.map((condition) => {
    const change = edited.find((one) => one.condition === condition);
    return change === undefined ? condition : applied(condition, change.edit);
  });
  return matches(after, event) ? edited.map(({ edit }) => edit) : [];
}

function editOf({ condition, values }: FailedCondition, event: unknown): PatternEdit {
  const { path } = condition;
  const [value] = values;
  if (value === undefined) {
    const rename = nearPath(condition, event);
    return rename === undefined ? adding(path, { exists: false }) : { path, rename, text: `rename it to ${rename}` };
  }
  return adding(path, accepting(condition.tests, value));
}

function adding(path: string, add: PatternValue): PatternEdit {
  return { path, add, text: `add ${JSON.stringify(add)}` };
}

/** The value of a pattern that accepts a scalar, as near to what is listed as can be. */
function accepting(tests: readonly Test[], value: Scalar): PatternValue {
  if (typeof value === "number") {
    const range = tests.find((test) => test.kind === "range");
    const widened = range === undefined ? undefined : widen(range, value);
    if (widened !== undefined && accepts(widened, value)) return widened;
  }
  if (typeof value === "string" && tests.some((test) => test.kind === "string" && sameWord(test.value, value))) {
    return { "equals-ignore-case": value };
  }
  // A number beyond 2^53 cannot be in a pattern.
  return accepts(value, value) ? value : { exists: true };
}

function sameWord(one: string, other: string): boolean {
  return equalsIgnoringCase(fold(one), other);
}

/** The range with the bound that excludes the number moved to it. */
function widen({ from, fromOpen, to, toOpen }: NumericRange, value: number): PatternValue {
  const below = from === -Number.MAX_VALUE ? [] : [fromOpen ? ">" : ">=", from];
  const above = to === Number.MAX_VALUE ? [] : [toOpen ? "<" : "<=", to];
  return value <= from ? { numeric: [">=", value, ...above] } : { numeric: [...below, "<=", value] };
}

function accepts(listed: PatternValue, value: Scalar): boolean {
  try {
    return matches([{ path: "value", ...parseValues([listed], "value") }], { value });
  } catch {
    return false;
  }
}

/** A path of the same length whose one other name is near, and where the event has what the condition accepts. */
function nearPath(condition: Condition, event: unknown): string | undefined {
  const names = condition.path.split(".");
  let at = event;
  for (const [index, name] of names.entries()) {
    if (!isObject(at)) return undefined;
    if (Object.hasOwn(at, name)) {
      at = at[name];
      continue;
    }
    const near = nearest(name, Object.keys(at));
    if (near === undefined) return undefined;
    const path = names.with(index, near).join(".");
    return hasScalar(at[near], names.slice(index + 1)) && matches([{ ...condition, path, absent: false }], event)
      ? path
      : undefined;
  }
  return undefined;
}

function hasScalar(value: unknown, names: readonly string[]): boolean {
  let at = value;
  for (const name of names) at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  return isScalar(at);
}

function applied(condition: Condition, edit: PatternEdit): Condition {
  if (edit.rename !== undefined) return { ...condition, path: edit.rename };
  const { tests, absent } = parseValues([edit.add], edit.path);
  return { ...condition, tests: [...condition.tests, ...tests], absent: condition.absent || absent };
}

function matches(alternative: Alternative, event: unknown): boolean {
  const tree = new FieldTree();
  const inOrder = alternative.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  const alternatives = prepareAll([inOrder], tree);
  const fields = new EventFields(tree);
  fields.read(event);
  return !fields.tooDeep && new Rule(alternatives, fields).matches();
}
