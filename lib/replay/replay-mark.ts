import type { Event } from "../event/event.ts";

/** The event as a replay delivers it: marked, and frozen as every delivered event is. */
export function markReplay(event: Event, id: string): Event {
  const replay = Object.freeze({ id });
  return Object.freeze({ ...event, metadata: Object.freeze({ ...event.metadata, replay }) });
}
