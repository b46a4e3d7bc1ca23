/**
 * Whether a value is an object that lists its own fields and nothing else: a literal, or one without a prototype. A Map, a Set,
 * a promise or an instance of a class has no field of its own that says what it holds, and would read as an empty list.
 */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // A literal of another realm has that realm's Object.prototype, which has no prototype either.
  return typeof prototype !== "object" || prototype === null || Object.getPrototypeOf(prototype) === null;
}
