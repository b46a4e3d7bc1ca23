import type { Alternative, Condition } from "./condition.ts";
import type { FieldTree } from "./field-tree.ts";
import { anyOf, type Matcher } from "./value-test.ts";

/** A compiled condition. Equal conditions of different patterns share one check, which is evaluated once per event. */
export interface Check {
  readonly condition: Condition;
  readonly field: number;
  readonly absent: boolean;
  readonly matches: Matcher;
  /** The epoch of the event for which `held` was computed. */
  epoch: number;
  held: boolean;
}

/** Compiles a condition for events that are read through the tree. */
export function prepare(condition: Condition, tree: FieldTree): Check {
  const field = tree.number(condition.path);
  return { condition, field, absent: condition.absent, matches: anyOf(condition.tests), epoch: 0, held: false };
}

/** Compiles every condition of an alternative. */
export function prepareAll(alternative: Alternative, tree: FieldTree): Check[] {
  return alternative.map((condition) => prepare(condition, tree));
}
