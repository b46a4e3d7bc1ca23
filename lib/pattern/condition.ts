import type { Test } from "./value-test.ts";

/** A condition on one field: one of the tests must match one of its values, or, if `absent` is set, it may be missing. */
export interface Condition {
  /** The names from the root of the event to the field, joined by dots. */
  readonly path: string;
  readonly tests: readonly Test[];
  /** Whether `{ exists: false }` is among the values. */
  readonly absent: boolean;
}

/** Conditions that must all hold, in the order of their paths. A pattern matches if one of its alternatives matches. */
export type Alternative = readonly Condition[];
