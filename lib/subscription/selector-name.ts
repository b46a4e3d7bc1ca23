import { maxTypeLength } from "../event/type-name.ts";

/** A name of a type, or one with `*` in it. */
const wanted = /^[a-z0-9_.*]+$/;

/** What is wrong with a name that a subscription wants, with the fix, or `undefined`. */
export function wantedNameProblem(name: string): string | undefined {
  if (name.length > maxTypeLength) return `has ${name.length} characters; give at most ${maxTypeLength}`;
  if (name.includes("**")) return "has two * side by side; one is any run of characters already";
  if (!wanted.test(name)) return "is no type name; give a-z, 0-9, _ and dots, with * for any run of characters";
  return name.includes("*") || name.includes(".")
    ? undefined
    : 'has one word only; give a name such as task.completed, or "task.*"';
}
