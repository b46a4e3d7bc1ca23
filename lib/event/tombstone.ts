import type { Event } from "./event.ts";

/** What is left of an event whose data was erased: the same event, with no data. */
export function tombstoneOf(event: Event, at: string): Event {
  const erased = Object.freeze({ at });
  return Object.freeze({
    ...event,
    data: Object.freeze({}),
    metadata: Object.freeze({ ...event.metadata, erased }),
  });
}

/** Whether the data of an event was erased. */
export function isErased({ metadata }: Event): boolean {
  return metadata.erased !== undefined;
}
