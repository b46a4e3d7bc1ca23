import type { Event, EventMetadata } from "../../lib/event/event.ts";

type Parts = Partial<Omit<Event, "metadata">> & { metadata?: Partial<EventMetadata> };

/** An event for tests of what handles events; only what a test is about has to be said. */
export function anEvent({ metadata, ...parts }: Parts = {}): Event {
  const id = parts.id ?? "event-1";
  return {
    id,
    type: "task.created",
    source: "test",
    time: "2026-01-01T00:00:00.000Z",
    data: {},
    ...parts,
    metadata: { version: 1, correlationId: id, priority: 5, ...metadata },
  };
}
