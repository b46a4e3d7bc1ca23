import { shortForm } from "./short-form.ts";

/** The predicate of a message about a wrong value: `must be a string, not 5`, or `is missing; it must be a string`. */
export function mustBe(expected: string, value: unknown): string {
  return value === undefined ? `is missing; it must be ${expected}` : `must be ${expected}, not ${shortForm(value)}`;
}
