import type { DeadLetters } from "../dead-letters/dead-letters.ts";
import type { DeadLetter, EndedDelivery, PendingDelivery } from "../engine/delivery.ts";
import type { DeliveryQueue } from "../engine/delivery-queue.ts";
import type { Event } from "../event/event.ts";

/** What became of one event in the subscriptions that it went to. */
export interface EventDeliveries {
  /** Those that have not ended; absent where the engine does not know them (aws). */
  readonly pending?: PendingDelivery[];
  /** Those that have ended, in the order in which they did; absent where the engine, or this client of it, cannot know. */
  readonly ended?: EndedDelivery[];
  /** Its dead letters, newest first; at most 100. */
  readonly deadLetters: DeadLetter[];
}

/** Reads what became of an event. */
export async function deliveriesOfEvent(
  deliveries: Pick<DeliveryQueue, "ended" | "pending">,
  deadLetters: Pick<DeadLetters, "list">,
  { id, metadata: { correlationId } }: Event,
): Promise<EventDeliveries> {
  const isOfEvent = ({ eventId }: { readonly eventId: string }) => eventId === id;
  // Pending first: one that ends in between is in the list that is read after.
  const pending = await deliveries.pending?.(correlationId);
  const [ended, dead] = await Promise.all([deliveries.ended?.(correlationId), deadLetters.list({ eventId: id })]);
  return {
    ...(pending === undefined ? {} : { pending: pending.filter(isOfEvent) }),
    ...(ended === undefined ? {} : { ended: ended.filter(isOfEvent) }),
    deadLetters: dead.deadLetters,
  };
}
