import type { Appended, Entry } from "../engine/event-log.ts";
import type { Event } from "../event/event.ts";
import { prepareEvent } from "../event/prepare.ts";
import type { ServedBus } from "./served-bus.ts";

/**
 * Appends what the bus of a client has prepared, checked again as anything that comes from outside: in its form, and by the
 * catalog of the server where that has the type. Throws what a publish throws.
 */
export async function appendEntry({ engine, catalog, clock, nextId }: ServedBus, entry: Entry): Promise<Appended> {
  const { replay, ...metadata } = entry.event.metadata;
  const { event } = prepareEvent({ ...entry.event, metadata }, { catalog, source: undefined, now: clock.now, nextId });
  return engine.log.append({ ...entry, event: replay === undefined ? event : withReplay(event, replay) });
}

/** What the handler of a replayed delivery publishes carries the mark on; a publisher may not set it itself. */
function withReplay(event: Event, replay: { id: string }): Event {
  return Object.freeze({
    ...event,
    metadata: Object.freeze({ ...event.metadata, replay: Object.freeze({ id: replay.id }) }),
  });
}
