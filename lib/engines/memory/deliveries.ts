import { deadLetterOf } from "../../delivery/dead-letter.ts";
import { DeliveryItem } from "../../delivery/local-queue/delivery-item.ts";
import { LocalQueue, type LocalQueueDependencies } from "../../delivery/local-queue/local-queue.ts";
import { Scheduler } from "../../delivery/local-queue/scheduler.ts";
import { Router } from "../../delivery/router.ts";
import type { ChangeSignal } from "../../engine/change-signal.ts";
import type { Delivery, Outcome, PendingDelivery } from "../../engine/delivery.ts";
import type { Consumer, Consumption, DeliveryQueue, EnqueueOptions } from "../../engine/delivery-queue.ts";
import { noDeadLetter, noSubscription } from "../../engine/errors.ts";
import type { Event } from "../../event/event.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import type { MemoryDeadLetters } from "./dead-letters.ts";

export interface MemoryDeliveriesDependencies {
  readonly clock: Clock;
  readonly nextId: () => string;
  readonly deadLetters: MemoryDeadLetters;
  readonly changes: ChangeSignal;
}

/** A queue for each subscription. */
export class MemoryDeliveries implements DeliveryQueue {
  readonly #dependencies: MemoryDeliveriesDependencies;
  readonly #changes: ChangeSignal;
  readonly #queues = new Map<string, LocalQueue>();
  readonly #scheduler = new Scheduler();
  readonly #queueDependencies: LocalQueueDependencies;
  #router = new Router([]);
  #order = 0;

  constructor(dependencies: MemoryDeliveriesDependencies) {
    const { clock, nextId, deadLetters, changes } = dependencies;
    this.#dependencies = dependencies;
    this.#changes = changes;
    this.#queueDependencies = {
      clock,
      schedule: (queue) => this.#scheduler.schedule(queue),
      deadLetter: (item, reason) =>
        deadLetters.add(deadLetterOf(item, reason, { id: nextId(), deadAt: Date.parse(reason.at) })),
      changed: () => changes.notify(),
    };
  }

  /** Whether deliveries wait for nothing but their turn. */
  get runnable(): boolean {
    return this.#scheduler.pending;
  }

  /** Queues a new event for each subscription that wants it. */
  route(event: Event, acceptedAt: number): void {
    this.#order += 1;
    for (const { name } of this.#router.route(event)) this.#queues.get(name)?.add(event, this.#order, acceptedAt);
  }

  /** A new queue for a subscription; what is published from now on goes to it. */
  create(record: SubscriptionRecord, ephemeral: boolean): LocalQueue {
    const queue = new LocalQueue(this.#queueDependencies, record, ephemeral);
    this.#queues.set(record.name, queue);
    this.#reroute();
    return queue;
  }

  /** Queues what a subscription missed that starts in the past. */
  backfill(queue: LocalQueue, event: Event, acceptedAt: number): void {
    this.#order += 1;
    queue.add(event, this.#order, acceptedAt);
  }

  change(queue: LocalQueue, record: SubscriptionRecord): void {
    queue.change(record);
    this.#reroute();
  }

  delete(name: string): boolean {
    const queue = this.#queues.get(name);
    queue?.delete();
    this.#queues.delete(name);
    this.#reroute();
    return queue !== undefined;
  }

  queue(name: string): LocalQueue | undefined {
    return this.#queues.get(name);
  }

  queues(): Iterable<LocalQueue> {
    return this.#queues.values();
  }

  consume(subscription: string, consumer: Consumer): Consumption {
    const queue = this.#queues.get(subscription);
    return queue?.consume(consumer) ?? { settings: undefined, wake: () => {}, stop: () => {} };
  }

  settle(delivery: Delivery, outcome: Outcome): void {
    if (delivery instanceof DeliveryItem) this.#queues.get(delivery.subscription)?.settle(delivery, outcome);
    this.#changes.notify();
  }

  async enqueue(
    subscription: string,
    events: readonly Event[],
    { replayId, redrivenFrom }: EnqueueOptions,
  ): Promise<void> {
    const queue = this.#queues.get(subscription);
    if (queue === undefined) throw noSubscription(subscription);
    const { clock, deadLetters, changes } = this.#dependencies;
    const requeued = { redriven: redrivenFrom !== undefined, replayId };
    if (redrivenFrom !== undefined) {
      const deadLetter = await deadLetters.get(redrivenFrom);
      // The dead letter goes before the delivery is queued, so that of two redrives at once one finds it gone.
      if (!deadLetters.remove(redrivenFrom)) throw noDeadLetter(redrivenFrom);
      requeued.replayId = deadLetter?.replayId;
    }
    for (const event of events) {
      this.#order += 1;
      queue.add(event, this.#order, clock.now(), requeued);
    }
    changes.notify();
  }

  async pending(correlationId: string): Promise<PendingDelivery[]> {
    const pending: PendingDelivery[] = [];
    for (const queue of this.#queues.values()) {
      for (const item of queue.items()) {
        if (item.event.metadata.correlationId === correlationId) pending.push(toPending(item));
      }
    }
    return pending;
  }

  /** Forgets all that has not begun; subscriptions stay. */
  clear(): void {
    for (const queue of this.#queues.values()) queue.clear();
  }

  #reroute(): void {
    this.#router = new Router([...this.#queues.values()].map(({ record }) => record));
  }
}

function toPending(item: DeliveryItem): PendingDelivery {
  const lastError = item.failures.at(-1)?.message;
  return {
    subscription: item.subscription,
    eventId: item.event.id,
    type: item.event.type,
    state: item.state === "blocked" ? "waiting" : item.state,
    attempts: item.attempt,
    ...(item.state === "delayed" ? { dueAt: new Date(item.dueAt).toISOString() } : {}),
    ...(lastError === undefined ? {} : { lastError }),
  };
}
