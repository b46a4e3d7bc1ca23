/** The longest type name. */
export const maxTypeLength = 128;

const typeName = /^[a-z0-9_]+(?:\.[a-z0-9_]+)+$/;

/** What is wrong with a type name, with the fix, or `undefined`. */
export function typeNameProblem(type: unknown): string | undefined {
  if (typeof type !== "string") return "is no text; give a name such as task.completed";
  if (type.length > maxTypeLength) return `has ${type.length} characters; give at most ${maxTypeLength}`;
  if (typeName.test(type)) return undefined;
  return 'is no type name; give at least two words of a-z, 0-9 and _ joined by dots, "domain.action.state"';
}

/** Whether a type is one of those that need no definition. */
export function isCustomType(type: string): boolean {
  return type.startsWith("custom.");
}
