import type { Event } from "../event/event.ts";

/**
 * A function that gives an event's key within which order is kept. The path is `source`, `type`, `data.…` or `metadata.…`.
 * A text is its own key; any other value is its JSON. Where the path leads to nothing, or to null, the event is alone with
 * a key of its own: no order is kept between such events, and none waits for another.
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

/** No text in metadata begins with a control character, and few in data do. */
function ownKey(event: Event): string {
  return `\u0000${event.id}`;
}
