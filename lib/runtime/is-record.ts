/** A copy without what is undefined, which counts as left out; each property is read once. */
export function definedIn(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

/**
 * Whether a value is an object that lists its own fields and nothing else: a literal, or one without a prototype. A list, a Map,
 * a Set, a promise or an instance of a class is not one, though it has properties: taken for one, it would say nothing and
 * mean everything. Never throws.
 */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  try {
    if (Array.isArray(value)) return false;
    const prototype: unknown = Object.getPrototypeOf(value);
    // A literal of another realm has that realm's Object.prototype, which has no prototype either.
    return typeof prototype !== "object" || prototype === null || Object.getPrototypeOf(prototype) === null;
  } catch {
    return false;
  }
}
