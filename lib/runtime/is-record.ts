/** A copy without what is undefined, which counts as left out; each property is read once. */
export function definedIn(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

/**
 * Whether a value holds named options: a plain object, or an instance of a class of the caller's. A list, a function, a Map, a
 * Set, a Date or a promise is none, though it has properties: taken for one it would say nothing, and mean everything. Never
 * throws.
 */
export function isRecord(value: unknown): value is Record<string, unknown> {
  try {
    return typeof value === "object" && value !== null && Object.prototype.toString.call(value) === "[object Object]";
  } catch {
    return false;
  }
}
