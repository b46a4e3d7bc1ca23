import { overflowFailure } from "../../../delivery/dead-letter.ts";
import { deliverAtMs } from "../../../event/deliver-at.ts";
import type { Event } from "../../../event/event.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import type { StoredEvent } from "../publishing/event-table.ts";
import type { Subscription } from "../subscriptions/subscription-cache.ts";
import { ClaimedDelivery } from "./claimed-delivery.ts";
import type { ConsumerSlots } from "./consumer-slots.ts";
import type { DeliveryTable, Hold } from "./delivery-table.ts";

export interface DeliveryEnqueuerDependencies {
  readonly queue: DeliveryTable;
  readonly consumers: ConsumerSlots;
  readonly deadLetters: DeadLetterTable;
  /** This process. */
  readonly processId: number;
  now(): number;
}

/** Puts deliveries of new events into the queues of the subscriptions, within a transaction. */
export class DeliveryEnqueuer {
  readonly #dependencies: DeliveryEnqueuerDependencies;

  constructor(dependencies: DeliveryEnqueuerDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * A new event. Where a consumer of this process is free and nothing waits before it, its row is inserted as claimed, and
   * the event goes over as it is: one row written and one deleted, nothing read. One that is not to be delivered yet is
   * delayed. False where it did not enter the queue.
   */
  enqueue(sub: Subscription, stored: StoredEvent): boolean {
    const { consumers, processId, queue } = this.#dependencies;
    const { event, seq } = stored;
    const { priority } = event.metadata;
    const ordering = sub.keyOf?.(event);
    const blocked = ordering !== undefined && queue.occupied(sub, ordering);
    const held = event.metadata.deliverAt === undefined ? undefined : holdOf(event, this.#dependencies.now());
    const waits = blocked || held !== undefined || sub.filling || sub.depth.ready > 0;
    const slot = waits ? undefined : consumers.free(sub);
    if (slot !== undefined) {
      queue.insertClaimed(sub, priority, seq, processId, ordering);
      const row = {
        attempt: 1,
        acceptedAt: stored.acceptedAt,
        failures: [],
        redriven: false,
        replayId: undefined,
        ordering,
        transient: !stored.history,
      };
      consumers.reserve(slot, new ClaimedDelivery({ sub, priority, seq, replay: 0 }, event, row));
      return true;
    }
    if (this.room(sub) <= 0) {
      this.overflow(sub, stored, undefined);
      return false;
    }
    queue.insert({ sub, priority, seq, replay: 0 }, { blocked, ordering, held });
    return true;
  }

  /** Deliveries of a subscription that may still be queued. */
  room(sub: Subscription): number {
    const { ready, delayed, blocked } = sub.depth;
    return (sub.record.maxBacklog ?? Number.POSITIVE_INFINITY) - ready - delayed - blocked;
  }

  /**
   * Whether a subscription gets more of history before anything of it is handed over: what comes may be more urgent. A full
   * backlog takes no more, so that what is there goes first.
   */
  isFilling(sub: Subscription): boolean {
    return sub.filling && this.room(sub) > 0;
  }

  /** A delivery for which the backlog has no room becomes a dead letter. */
  overflow(
    sub: Subscription,
    { event, acceptedAt }: Pick<StoredEvent, "event" | "acceptedAt">,
    replayId: string | undefined,
  ): void {
    const { name, maxBacklog = 0 } = sub.record;
    this.#dependencies.deadLetters.add(
      { subscription: name, event, attempt: 0, acceptedAt, failures: [], replayId },
      overflowFailure(name, maxBacklog, acceptedAt),
      acceptedAt,
    );
  }
}

/** For how long an event must not be delivered yet; undefined where its time has come. */
export function holdOf(event: Event, now: number): Hold | undefined {
  const due = deliverAtMs(event);
  return due > now ? { due, delay: due - now } : undefined;
}
