import type { Delivery, Outcome, PendingDelivery } from "../../engine/delivery.ts";
import type { Consumer, Consumption } from "../../engine/delivery-queue.ts";
import type { RecordedEvent } from "../../engine/event-log.ts";
import type { PutResult, SubscriptionState } from "../../engine/subscription-store.ts";
import type { Event } from "../../event/event.ts";
import { queryTime } from "../../runtime/query-time.ts";
import { changedSettings } from "../../subscription/changed-settings.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { Router } from "../router.ts";
import { subscriptionFilter } from "../subscription-filter.ts";
import type { Requeued, StoredDelivery } from "./delivery-item.ts";
import { LocalQueue } from "./local-queue.ts";
import type { LocalQueueDependencies } from "./local-queue-dependencies.ts";
import type { LocalStore } from "./local-store.ts";
import { Scheduler } from "./scheduler.ts";

/** What the queues tell their engine; `changed` also where something was queued, settled or deleted. */
export interface LocalQueuesDependencies extends Omit<LocalQueueDependencies, "schedule" | "store"> {
  /** Absent where all ends with the process. */
  readonly store?: LocalStore;
}

/**
 * All subscriptions and deliveries of an engine that runs in one process: a queue for each subscription, and the router
 * between them. It holds them in memory; an engine that keeps them gives a `store`.
 */
export class LocalQueues implements Iterable<LocalQueue> {
  readonly #dependencies: LocalQueueDependencies;
  readonly #queues = new Map<string, LocalQueue>();
  readonly #scheduler = new Scheduler();
  readonly #store: LocalStore | undefined;
  readonly #router = new Router();
  /** Of the last event, or delivery, that was queued. */
  #order = 0;

  constructor(dependencies: LocalQueuesDependencies) {
    this.#store = dependencies.store;
    this.#dependencies = { ...dependencies, schedule: (queue) => this.#scheduler.schedule(queue) };
  }

  /** Whether deliveries wait for nothing but their turn. */
  get runnable(): boolean {
    return this.#scheduler.pending;
  }

  /** The queue of a subscription. */
  get(subscription: string): LocalQueue | undefined {
    return this.#queues.get(subscription);
  }

  /** The queues, in the order in which their subscriptions were created. */
  [Symbol.iterator](): Iterator<LocalQueue> {
    return this.#queues.values();
  }

  /** As {@link SubscriptionStore.put}. `past` is what history has, oldest first: a new one that starts there gets it. */
  put(record: SubscriptionRecord, ephemeral: boolean, past: Iterable<RecordedEvent> = []): PutResult {
    const queue = this.#queues.get(record.name);
    if (!ephemeral) this.#store?.putSubscription(record);
    if (queue === undefined) {
      this.#create(record, ephemeral, past);
      return { created: true, changed: [] };
    }
    const changed = changedSettings(queue.record, record);
    queue.change(record);
    this.#router.set(record);
    return { created: false, changed };
  }

  /** Deletes a subscription with all that it has to deliver. False where there is none. */
  delete(subscription: string): boolean {
    const queue = this.#queues.get(subscription);
    queue?.delete();
    if (queue?.ephemeral === false) this.#store?.deleteSubscription(subscription);
    this.#queues.delete(subscription);
    this.#router.delete(subscription);
    this.#dependencies.changed();
    return queue !== undefined;
  }

  /** Queues a new event for each subscription that wants it. */
  route(event: Event, acceptedAt: number): void {
    this.#order += 1;
    for (const { name } of this.#router.route(event)) this.#queues.get(name)?.add(event, this.#order, acceptedAt);
    this.#dependencies.changed();
  }

  /** Queues an event for one subscription, behind all that was queued before. */
  add(queue: LocalQueue, event: Event, acceptedAt: number, requeued?: Requeued): void {
    this.#order += 1;
    queue.add(event, this.#order, acceptedAt, requeued);
    this.#dependencies.changed();
  }

  /**
   * Makes the queues as a store kept them, deliveries oldest first; call it before anything else is queued. Attempts count, and
   * what was delayed is due when it was. An attempt that was cut off with its process has failed with `process_ended`: its
   * delivery is run again, or becomes a dead letter.
   */
  restore(subscriptions: Iterable<SubscriptionRecord>, deliveries: Iterable<StoredDelivery>): void {
    for (const record of subscriptions) {
      this.#queues.set(record.name, new LocalQueue(this.#dependencies, record, false));
      this.#router.set(record);
    }
    for (const stored of deliveries) {
      this.#order = Math.max(this.#order, stored.order);
      this.#queues.get(stored.subscription)?.restore(stored);
    }
  }

  /** Takes over a delivery that another engine held, behind all that was queued before, with the attempts made so far. */
  take(delivery: Omit<StoredDelivery, "order" | "running">): void {
    this.#order += 1;
    this.#queues.get(delivery.subscription)?.restore({ ...delivery, order: this.#order, running: false });
    this.#dependencies.changed();
  }

  /** Hands deliveries of a subscription to a consumer until it stops. */
  consume(subscription: string, consumer: Consumer): Consumption {
    const queue = this.#queues.get(subscription);
    return queue?.consume(consumer) ?? { settings: undefined, wake: () => {}, stop: () => {} };
  }

  /** As {@link DeliveryQueue.settle}. A second call does nothing, nor one for a delivery of a subscription that was deleted. */
  settle(delivery: Delivery, outcome: Outcome, startedAt?: number, endedAt?: number): void {
    this.#queues.get(delivery.subscription)?.settle(delivery, outcome, startedAt, endedAt);
    this.#dependencies.changed();
  }

  /** What of a flow is under way, at most `limit`. */
  pending(correlationId: string, limit = Number.POSITIVE_INFINITY): PendingDelivery[] {
    const pending: PendingDelivery[] = [];
    for (const queue of this) {
      if (pending.length >= limit) break;
      for (const one of queue.pending(correlationId, limit - pending.length)) pending.push(one);
    }
    return pending;
  }

  /** Puts what `change` makes of each event with one of the ids in its place, in all deliveries of it that are under way. */
  replace(ids: ReadonlySet<string>, change: (event: Event) => Event): void {
    for (const queue of this) {
      for (const item of queue.items()) if (ids.has(item.event.id)) item.event = change(item.event);
    }
  }

  /** How each subscription stands, with the number of its dead letters. */
  states(deadLettersOf: (subscription: string) => number): SubscriptionState[] {
    return [...this].map((queue) => queue.state(deadLettersOf(queue.record.name)));
  }

  /** Forgets all that has not begun; subscriptions and what is stored stay. */
  clear(): void {
    for (const queue of this) queue.clear();
  }

  #create(record: SubscriptionRecord, ephemeral: boolean, past: Iterable<RecordedEvent>): void {
    const queue = new LocalQueue(this.#dependencies, record, ephemeral);
    this.#queues.set(record.name, queue);
    this.#router.set(record);
    if (record.from === "now") return;
    const since = record.from === "beginning" ? Number.NEGATIVE_INFINITY : (queryTime(record.from, "from") ?? 0);
    const wants = subscriptionFilter(record);
    for (const { event, acceptedAt } of past) {
      if (acceptedAt < since || !wants(event)) continue;
      this.#order += 1;
      queue.backfill(event, this.#order, acceptedAt);
    }
    this.#dependencies.changed();
  }
}
