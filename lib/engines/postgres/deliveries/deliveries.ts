import type { Delivery, EndedDelivery, EndedSample, Outcome, PendingDelivery } from "../../../engine/delivery.ts";
import type { Consumer, Consumption, DeliveryQueue, EnqueueOptions } from "../../../engine/delivery-queue.ts";
import type { Event } from "../../../event/event.ts";
import type { Heartbeat } from "../processes/heartbeat.ts";
import type { Notifier } from "../processes/notifier.ts";
import { ClaimedDelivery } from "./claimed-delivery.ts";
import type { Consumers } from "./consumers.ts";
import type { Outcomes } from "./outcomes.ts";
import type { Pending } from "./pending.ts";
import { type RequeueDependencies, requeue } from "./requeue.ts";
import type { WorkLoop } from "./work-loop.ts";

export interface PostgresDeliveriesDependencies extends RequeueDependencies {
  readonly consumers: Consumers;
  readonly workLoop: WorkLoop;
  readonly pending: Pending;
  readonly outcomes: Outcomes;
  readonly heartbeat: Heartbeat;
  readonly notifier: Notifier;
}

/** The deliveries of all subscriptions, as rows of a table. */
export class PostgresDeliveries implements DeliveryQueue {
  readonly #dependencies: PostgresDeliveriesDependencies;

  constructor(dependencies: PostgresDeliveriesDependencies) {
    this.#dependencies = dependencies;
  }

  consume(subscription: string, consumer: Consumer): Consumption {
    const { consumers, heartbeat, notifier, subscriptionCache, workLoop } = this.#dependencies;
    consumers.add(subscription, consumer);
    // Tells what is ready; then claims are made, where the consumer has not been paused by then.
    void heartbeat.now();
    return {
      get settings() {
        return subscriptionCache.byName(subscription)?.record;
      },
      wake: () => workLoop.schedule(),
      stop: () => {
        consumers.remove(subscription, consumer);
        // Other processes may wait for what it does not take any more.
        const sub = subscriptionCache.byName(subscription);
        if (sub !== undefined) notifier.notify([sub.id]);
      },
    };
  }

  settle(delivery: Delivery, outcome: Outcome, startedAt?: number): void | Promise<void> {
    if (!(delivery instanceof ClaimedDelivery)) return;
    return this.#dependencies.workLoop.settle(delivery, outcome, startedAt);
  }

  async enqueue(subscription: string, events: readonly Event[], options: EnqueueOptions): Promise<void> {
    const { notifier, workLoop } = this.#dependencies;
    const sub = await requeue(this.#dependencies, subscription, events, options);
    workLoop.look(sub);
    notifier.notify([sub]);
  }

  async pending(correlationId: string): Promise<PendingDelivery[]> {
    return this.#dependencies.pending.ofFlow(correlationId);
  }

  async ended(correlationId: string): Promise<EndedDelivery[]> {
    return this.#dependencies.outcomes.ofFlow(correlationId);
  }

  async recentlyEnded(since: number, limit: number): Promise<EndedSample[]> {
    return this.#dependencies.outcomes.since(since, limit);
  }
}
