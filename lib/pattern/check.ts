import type { Alternative, Condition } from "./condition.ts";
import type { FieldTree } from "./field-tree.ts";
import { anyOf, type Matcher } from "./value-test.ts";

/** A condition made ready for matching. Equal conditions of different patterns are one, and are evaluated once an event. */
export interface Check {
  readonly condition: Condition;
  readonly field: number;
  readonly absent: boolean;
  readonly matches: Matcher;
  /** The event for which `held` was found out. */
  epoch: number;
  held: boolean;
}

/** Prepares a condition for events read through the tree. */
export function prepare(condition: Condition, tree: FieldTree): Check {
  const field = tree.number(condition.path);
  return { condition, field, absent: condition.absent, matches: anyOf(condition.tests), epoch: 0, held: false };
}

/** Prepares every condition of an alternative. */
export function prepareAll(alternative: Alternative, tree: FieldTree): Check[] {
  return alternative.map((condition) => prepare(condition, tree));
}
