import { noDeadLetter, noSubscriptionFor } from "../../../engine/errors.ts";
import { BusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import type { Events, StoredEvent } from "../publishing/event-table.ts";
import type { SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { DeliveryTable } from "./delivery-table.ts";
import type { DeliveryEnqueuer } from "./enqueue.ts";

export interface RedriveDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly queue: DeliveryTable;
  readonly events: Events;
  readonly enqueuer: DeliveryEnqueuer;
  readonly deadLetters: DeadLetterTable;
  now(): number;
}

/** Queues a dead letter again for its subscription and removes it, within a transaction. `not_found`, `conflict`. */
export function redrive(host: RedriveDependencies, id: string): void {
  const { deadLetters, enqueuer, queue, subscriptionCache } = host;
  const letter = deadLetters.get(id);
  if (letter === undefined) throw noDeadLetter(id);
  const { subscription } = letter;
  const sub = subscription === undefined ? undefined : subscriptionCache.byName(subscription);
  if (sub === undefined) throw noSubscriptionFor(id, subscription);
  const replay = deadLetters.replayOf(id);
  const original = replay === 0 ? letter.event : unmarked(letter.event);
  const { seq, history } = stored(host, original, Date.parse(letter.acceptedAt));
  const key = { sub, priority: letter.event.metadata.priority, seq, replay };
  if (queue.find(key) !== undefined) {
    throw new BusError(
      "conflict",
      `dead letter ${id}: event ${letter.event.id} is on its way to ${sub.record.name} already`,
    );
  }
  const arrival = { event: letter.event, seq, accepted: Date.parse(letter.acceptedAt), transient: !history };
  enqueuer.requeue(sub, arrival, { replay, now: host.now(), redriven: true });
  deadLetters.delete(id);
}

/** The event as it is stored; where history has forgotten it, it is stored again from the letter until it is delivered. */
function stored({ events }: RedriveDependencies, event: Event, accepted: number): Pick<StoredEvent, "seq" | "history"> {
  const known = events.byId(event.id);
  if (known !== undefined) {
    if (!known.history) events.holdTransient(known.seq);
    return known;
  }
  return { seq: events.insertTransient(event, JSON.stringify(event), accepted, 1), history: false };
}

function unmarked(event: Event): Event {
  const { replay: _, ...metadata } = event.metadata;
  return { ...event, metadata };
}
