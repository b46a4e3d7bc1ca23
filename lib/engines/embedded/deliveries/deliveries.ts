import type { Delivery, EndedDelivery, EndedSample, Outcome, PendingDelivery } from "../../../engine/delivery.ts";
import type { Consumer, Consumption, DeliveryQueue, EnqueueOptions } from "../../../engine/delivery-queue.ts";
import type { Event } from "../../../event/event.ts";
import type { FilePoller } from "../processes/file-poller.ts";
import type { FileAccess } from "../storage/file-access.ts";
import { ClaimedDelivery } from "./claimed-delivery.ts";
import type { ConsumerSlots } from "./consumer-slots.ts";
import type { OutcomeTable } from "./outcome-table.ts";
import type { Pending } from "./pending.ts";
import { type RequeueDependencies, requeue } from "./requeue.ts";
import type { SettlementQueue } from "./settlement-queue.ts";

export interface EmbeddedDeliveriesDependencies extends RequeueDependencies {
  readonly access: FileAccess;
  readonly consumers: ConsumerSlots;
  readonly settlementQueue: SettlementQueue;
  readonly pending: Pending;
  readonly outcomes: OutcomeTable;
  readonly filePoller: FilePoller;
  /** Has a transaction begun soon, which claims what is ready. */
  schedule(): void;
  /** Goes on with what other processes have left to do for the consumers of this one. */
  catchUp(): void;
}

/** Events requeued in one transaction. */
const eventsAtOnce = 256;

/** The deliveries of all subscriptions, as rows of the file. */
export class EmbeddedDeliveries implements DeliveryQueue {
  readonly #dependencies: EmbeddedDeliveriesDependencies;

  constructor(dependencies: EmbeddedDeliveriesDependencies) {
    this.#dependencies = dependencies;
  }

  consume(subscription: string, consumer: Consumer): Consumption {
    const { catchUp, consumers, filePoller, schedule, subscriptionCache } = this.#dependencies;
    const slot = consumers.add(subscription, consumer);
    filePoller.start();
    catchUp();
    schedule();
    return {
      get settings() {
        return subscriptionCache.byName(subscription)?.record;
      },
      wake: schedule,
      stop: () => {
        consumers.remove(subscription, slot);
        // Other processes may wait for what it does not take any more.
        schedule();
      },
    };
  }

  settle(delivery: Delivery, outcome: Outcome, startedAt?: number, endedAt?: number): void | Promise<void> {
    if (!(delivery instanceof ClaimedDelivery)) return;
    return this.#dependencies.settlementQueue.add(delivery, outcome, startedAt, endedAt);
  }

  async enqueue(subscription: string, events: readonly Event[], options: EnqueueOptions): Promise<void> {
    const { access } = this.#dependencies;
    for (let from = 0; from < events.length; from += eventsAtOnce) {
      const some = events.slice(from, from + eventsAtOnce);
      await access.write(() => requeue(this.#dependencies, subscription, some, options));
    }
  }

  async pending(correlationId: string, limit?: number): Promise<PendingDelivery[]> {
    const { access, pending } = this.#dependencies;
    return access.snapshot(() => pending.ofFlow(correlationId, limit));
  }

  async ended(correlationId: string): Promise<EndedDelivery[]> {
    const { access, outcomes } = this.#dependencies;
    return access.snapshot(() => outcomes.ofFlow(correlationId));
  }

  async recentlyEnded(since: number, limit: number): Promise<EndedSample[]> {
    const { access, outcomes } = this.#dependencies;
    return access.snapshot(() => outcomes.since(since, limit));
  }
}
