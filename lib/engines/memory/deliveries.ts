import { deadLetterOf } from "../../delivery/dead-letter.ts";
import { LocalQueues } from "../../delivery/local-queue/local-queues.ts";
import type { ChangeSignal } from "../../engine/change-signal.ts";
import type { Delivery, EndedDelivery, EndedSample, Outcome, PendingDelivery } from "../../engine/delivery.ts";
import type { Consumer, Consumption, DeliveryQueue, EnqueueOptions } from "../../engine/delivery-queue.ts";
import { noDeadLetter, noSubscription } from "../../engine/errors.ts";
import type { Event } from "../../event/event.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { MemoryDeadLetters } from "./dead-letters.ts";
import type { EndedDeliveries } from "./ended-deliveries.ts";

export interface MemoryDeliveriesDependencies {
  readonly clock: Clock;
  readonly nextId: () => string;
  readonly deadLetters: MemoryDeadLetters;
  readonly ended: EndedDeliveries;
  readonly changes: ChangeSignal;
}

/** A queue for each subscription. */
export class MemoryDeliveries implements DeliveryQueue {
  readonly queues: LocalQueues;
  readonly #dependencies: MemoryDeliveriesDependencies;

  constructor(dependencies: MemoryDeliveriesDependencies) {
    const { clock, nextId, deadLetters, ended, changes } = dependencies;
    this.#dependencies = dependencies;
    this.queues = new LocalQueues({
      clock,
      deadLetter: (item, reason) =>
        deadLetters.add(deadLetterOf(item, reason, { id: nextId(), deadAt: Date.parse(reason.at) })),
      ended: (item, outcome, startedAt, endedAt, failure) => ended.add(item, outcome, startedAt, endedAt, failure),
      changed: () => changes.notify(),
    });
  }

  consume(subscription: string, consumer: Consumer): Consumption {
    return this.queues.consume(subscription, consumer);
  }

  settle(delivery: Delivery, outcome: Outcome, startedAt?: number, endedAt?: number): void {
    this.queues.settle(delivery, outcome, startedAt, endedAt);
  }

  async enqueue(
    subscription: string,
    events: readonly Event[],
    { replayId, redrivenFrom }: EnqueueOptions,
  ): Promise<void> {
    const queue = this.queues.get(subscription);
    if (queue === undefined) throw noSubscription(subscription);
    const { clock, deadLetters } = this.#dependencies;
    const requeued = { redriven: redrivenFrom !== undefined, replayId };
    if (redrivenFrom !== undefined) {
      const deadLetter = deadLetters.take(redrivenFrom);
      if (deadLetter === undefined) throw noDeadLetter(redrivenFrom);
      requeued.replayId = deadLetter.replayId;
    }
    for (const event of events) this.queues.add(queue, event, clock.now(), requeued);
  }

  async pending(correlationId: string, limit?: number): Promise<PendingDelivery[]> {
    return this.queues.pending(correlationId, limit);
  }

  async ended(correlationId: string): Promise<EndedDelivery[]> {
    return this.#dependencies.ended.ofFlow(correlationId);
  }

  async recentlyEnded(since: number, limit: number): Promise<EndedSample[]> {
    return this.#dependencies.ended.since(since, limit);
  }
}
