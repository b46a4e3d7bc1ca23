import type { Event } from "../../../event/event.ts";
import { formatTime } from "../../../event/time.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import { ClaimedDelivery } from "./claimed-delivery.ts";
import type { ConsumerSlots } from "./consumer-slots.ts";
import type { DeliveryTable } from "./delivery-table.ts";

/** An event on its way into a subscription's queue. */
export interface Arrival {
  readonly event: Event;
  readonly seq: number;
  readonly accepted: number;
  readonly transient: boolean;
}

/** Puts deliveries into the queues of the subscriptions, within a transaction. */
export class DeliveryEnqueuer {
  readonly #subscriptionCache: SubscriptionCache;
  readonly #queue: DeliveryTable;
  readonly #consumers: ConsumerSlots;
  readonly #deadLetters: DeadLetterTable;
  readonly #owner: number;

  constructor(
    subscriptionCache: SubscriptionCache,
    queue: DeliveryTable,
    consumers: ConsumerSlots,
    deadLetters: DeadLetterTable,
    owner: number,
  ) {
    this.#subscriptionCache = subscriptionCache;
    this.#queue = queue;
    this.#consumers = consumers;
    this.#deadLetters = deadLetters;
    this.#owner = owner;
  }

  /**
   * A new event. Where a consumer of this process is free and nothing waits before it, the row is born claimed, and the
   * event goes over as it is: one row put and one deleted, nothing read. False where it did not enter the queue.
   */
  enqueue(sub: Subscription, arrival: Arrival): boolean {
    const { event, seq } = arrival;
    const { priority } = event.metadata;
    const ordering = sub.keyOf?.(event);
    const blocked = ordering !== undefined && this.#queue.occupied(sub, ordering);
    const slot = blocked || sub.depth.ready > 0 ? undefined : this.#consumers.slot(sub);
    if (slot !== undefined) {
      this.#queue.insertClaimed(sub, priority, seq, this.#owner, ordering);
      const row = {
        attempt: 1,
        acceptedAt: arrival.accepted,
        failures: [],
        redriven: false,
        ordering,
        transient: arrival.transient,
      };
      this.#consumers.hand(slot, new ClaimedDelivery({ sub, priority, seq, replay: 0 }, event, row));
      return true;
    }
    if (this.#overflows(sub, arrival, 0)) return false;
    this.#queue.insert({ sub, priority, seq, replay: 0 }, { state: blocked ? "blocked" : "ready", ordering });
    return true;
  }

  /** A replay or a redrive, queued now. */
  requeue(sub: Subscription, arrival: Arrival, options: { replay: number; now: number; redriven: boolean }): boolean {
    if (!options.redriven && this.#overflows(sub, arrival, options.replay)) return false;
    const { event, seq } = arrival;
    const ordering = sub.keyOf?.(event);
    const blocked = ordering !== undefined && this.#queue.occupied(sub, ordering);
    this.#queue.insert(
      { sub, priority: event.metadata.priority, seq, replay: options.replay },
      { state: blocked ? "blocked" : "ready", ordering, queued: options.now, redriven: options.redriven },
    );
    return true;
  }

  /** Deliveries of a subscription that may still be queued. */
  room(sub: Subscription): number {
    const { ready, delayed, blocked } = sub.depth;
    return (sub.record.maxBacklog ?? Number.POSITIVE_INFINITY) - ready - delayed - blocked;
  }

  #overflows(sub: Subscription, { event, accepted }: Arrival, replay: number): boolean {
    const { record } = sub;
    if (this.room(sub) > 0) return false;
    const reason = {
      code: "overflow",
      message: `subscription ${record.name}: its backlog is full (maxBacklog ${record.maxBacklog}); raise it, or add subscribers, and redrive`,
      at: formatTime(accepted),
      attempt: 0,
    };
    this.#deadLetters.insert({
      subscription: record.name,
      replay,
      event,
      reason,
      attempts: 0,
      failures: [reason],
      acceptedAt: accepted,
      diedAt: accepted,
    });
    // A dead letter changes how the subscription stands.
    this.#subscriptionCache.touch(sub);
    return true;
  }
}
