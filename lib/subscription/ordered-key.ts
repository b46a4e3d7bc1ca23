import type { Event } from "../event/event.ts";

/**
 * Returns a function that returns the value of an event at a path: `source`, `type`, `data.…` or `metadata.…`. A string is
 * returned unchanged; any other value is converted to JSON. Returns `undefined` if there is no value at the path, or null.
 */
export function keyAt(path: string): (event: Event) => string | undefined {
  const steps = path.split(".");
  return (event) => {
    let value: unknown = event;
    for (const step of steps) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
      value = Reflect.get(value, step);
    }
    if (typeof value === "string") return value;
    return value === null || value === undefined ? undefined : JSON.stringify(value);
  };
}

/**
 * Returns a function that returns the ordering key of an event: see {@link keyAt}. If there is no value at the path, or null,
 * the event gets a key of its own: such events are not ordered, and none waits for another.
 */
export function orderedKey(path: string): (event: Event) => string {
  const keyOf = keyAt(path);
  return (event) => keyOf(event) ?? ownKey(event);
}

/** A key that starts with a control character: no string in metadata does, and few in data do. */
function ownKey(event: Event): string {
  return `\u0000${event.id}`;
}
