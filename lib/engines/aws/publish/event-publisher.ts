import type { DeadLetter, Failure } from "../../../bus/delivery.ts";
import type { Accepted, Entry } from "../../../bus/engine.ts";
import type { Event } from "../../../event/event.ts";
import type { AwsParts } from "../parts.ts";

/** What the publisher needs of the engine. */
export type EventPublisherParts = Pick<AwsParts, "config" | "clients" | "clock" | "random" | "nextId">;

/** Brings events to the bus. */
export interface EventPublisher {
  /**
   * Resolves once EventBridge has the event. Rejects with `throttled`, `unavailable`, `invalid_event`, `event_too_large`,
   * `invalid_config`; then `details.deadLetterId` names what lies in the publisher's dead-letter queue. `closed` after `close`.
   */
  publish(entry: Entry): Promise<Accepted>;
  /** Sends an event that could not be published to the publisher's dead-letter queue. */
  addDeadLetter(event: Event, reason: Failure): Promise<DeadLetter>;
  /** Takes nothing more; resolves when all that was taken has been accepted or reported. */
  close(): Promise<void>;
}

export function createEventPublisher(_parts: EventPublisherParts): EventPublisher {
  throw new Error("not yet");
}
