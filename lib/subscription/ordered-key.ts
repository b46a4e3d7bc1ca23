import type { Event } from "../event/event.ts";

/**
 * Returns a function that returns the ordering key of an event: the value at the path (`source`, `type`, `data.…` or
 * `metadata.…`). A string is its own key; any other value is converted to JSON. If there is no value at the path, or null,
 * the event gets a key of its own: such events are not ordered, and none waits for another.
 */
export function orderedKey(path: string): (event: Event) => string {
  const steps = path.split(".");
  return (event) => {
    let value: unknown = event;
    for (const step of steps) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return ownKey(event);
      value = Reflect.get(value, step);
    }
    if (typeof value === "string") return value;
    return value === null || value === undefined ? ownKey(event) : JSON.stringify(value);
  };
}

/** A key that starts with a control character: no string in metadata does, and few in data do. */
function ownKey(event: Event): string {
  return `\u0000${event.id}`;
}
