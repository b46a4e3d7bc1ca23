import type { Event } from "../event/event.ts";

/**
 * A function that gives the value of an event at a path: `source`, `type`, `data.…` or `metadata.…`. A text is its own key; any
 * other value is its JSON. `undefined` where the path leads to nothing, or to null.
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
 * A function that gives an event's key within which order is kept: see {@link keyAt}. Where the path leads to nothing, or to
 * null, the event is alone with a key of its own: no order is kept between such events, and none waits for another.
 */
export function orderedKey(path: string): (event: Event) => string {
  const keyOf = keyAt(path);
  return (event) => keyOf(event) ?? ownKey(event);
}

/** No text in metadata begins with a control character, and few in data do. */
function ownKey(event: Event): string {
  return `\u0000${event.id}`;
}
