import { readStoredEvent } from "../engine/stored.ts";
import { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";

/** Reads the event of a record. `invalid_event` for what no outbox writes. */
export function storedEvent(json: string): Event {
  return readStoredEvent(
    json,
    (what, cause) =>
      new BusError("invalid_event", `a stored event is broken: ${what}; somebody has changed it`, { cause }),
  );
}
