import { maxTypeLength } from "../event/type-name.ts";

/** A type name, or one with `*` in it. */
const selectorName = /^[a-z0-9_.*]+$/;

/** Returns the problem of a selector name as the predicate of a message, or `undefined` if the name is valid. */
export function selectorProblem(name: string): string | undefined {
  if (name.length > maxTypeLength) return `has ${name.length} characters; at most ${maxTypeLength} are allowed`;
  if (name.includes("**")) return 'has "**"; a single * already matches any run of characters';
  if (!selectorName.test(name)) return "must have only a-z, 0-9, _ and dots, and * for any run of characters";
  return name.includes("*") || name.includes(".")
    ? undefined
    : 'must have two or more words, such as "task.completed", or a *, as in "task.*"';
}
