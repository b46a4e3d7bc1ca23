import type { Event } from "../../event/event.ts";

/** Freezes an event that was read from JSON at all levels, without recursion: it may be 1,000 levels deep. */
export function freezeEvent(event: Event): Event {
  const open: object[] = [event];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    Object.freeze(value);
    for (const part of Object.values(value)) if (typeof part === "object" && part !== null) open.push(part);
  }
  return event;
}
