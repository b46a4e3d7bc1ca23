import { mustBe } from "../error/must-be.ts";

/** The maximum length of a type name, in characters. */
export const maxTypeLength = 128;

const typeName = /^[a-z0-9_]+(?:\.[a-z0-9_]+)+$/;

/** Returns the problem of a type name as the predicate of a message, or `undefined` if the name is valid. */
export function typeNameProblem(type: unknown): string | undefined {
  if (typeof type !== "string") return mustBe('a string such as "task.completed"', type);
  if (type.length > maxTypeLength) return `has ${type.length} characters; at most ${maxTypeLength} are allowed`;
  if (typeName.test(type)) return undefined;
  return mustBe('two or more words of a-z, 0-9 and _ joined by dots, such as "task.completed"', type);
}

/** Whether a type needs no definition. */
export function isCustomType(type: string): boolean {
  return type.startsWith("custom.");
}
