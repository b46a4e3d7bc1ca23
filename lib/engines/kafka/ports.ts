import type { DeadLetterStore } from "../../engine/dead-letter-store.ts";
import type { DeadLetter, Delivery, Outcome } from "../../engine/delivery.ts";
import type { Consumer, Consumption, DeliveryQueue, EnqueueOptions } from "../../engine/delivery-queue.ts";
import type { DeadLetterPage, DeadLetterQuery, PageOptions } from "../../engine/queries.ts";
import type { PutResult, SubscriptionState, SubscriptionStore } from "../../engine/subscription-store.ts";
import type { Event } from "../../event/event.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import type { Progress } from "./recording/progress.ts";

export interface PortDependencies {
  readonly progress: Progress;
  /** Begins to record. */
  start(): void;
  /** Learns of what the topics hold by now. */
  refresh(): Promise<void>;
}

/** The store has what the topics hold by now; where the brokers do not answer, what is known of them. */
async function caughtUp({ progress, refresh }: PortDependencies): Promise<void> {
  await refresh().catch(() => {});
  await progress.allRecorded();
}

/** The deliveries of the store, to which those come that are recorded. */
export class KafkaDeliveries implements DeliveryQueue {
  readonly #store: DeliveryQueue;
  readonly #dependencies: PortDependencies;
  readonly pending?: NonNullable<DeliveryQueue["pending"]>;
  readonly ended?: NonNullable<DeliveryQueue["ended"]>;
  readonly recentlyEnded?: NonNullable<DeliveryQueue["recentlyEnded"]>;

  constructor(store: DeliveryQueue, dependencies: PortDependencies) {
    this.#store = store;
    this.#dependencies = dependencies;
    const pending = store.pending?.bind(store);
    const ended = store.ended?.bind(store);
    const recentlyEnded = store.recentlyEnded?.bind(store);
    if (recentlyEnded !== undefined) this.recentlyEnded = recentlyEnded;
    if (pending !== undefined) {
      this.pending = async (correlationId, limit) => {
        await caughtUp(dependencies);
        return pending(correlationId, limit);
      };
    }
    if (ended !== undefined) {
      this.ended = async (correlationId) => {
        await caughtUp(dependencies);
        return ended(correlationId);
      };
    }
  }

  consume(subscription: string, consumer: Consumer): Consumption {
    this.#dependencies.start();
    return this.#store.consume(subscription, consumer);
  }

  /** What the handler published is in the store before its attempt has ended: else its flow would seem to be at rest. */
  settle(delivery: Delivery, outcome: Outcome, startedAt?: number): void | Promise<void> {
    const recorded = this.#dependencies.progress.ofHandlersRecorded();
    if (recorded === undefined) return this.#store.settle(delivery, outcome, startedAt);
    return recorded.then(() => this.#store.settle(delivery, outcome, startedAt));
  }

  async enqueue(subscription: string, events: readonly Event[], options: EnqueueOptions): Promise<void> {
    this.#dependencies.start();
    return this.#store.enqueue(subscription, events, options);
  }
}

/** The subscriptions of the store. */
export class KafkaSubscriptions implements SubscriptionStore {
  readonly #store: SubscriptionStore;
  readonly #dependencies: PortDependencies;
  readonly setPaused?: NonNullable<SubscriptionStore["setPaused"]>;

  constructor(store: SubscriptionStore, dependencies: PortDependencies) {
    this.#store = store;
    this.#dependencies = dependencies;
    const setPaused = store.setPaused?.bind(store);
    if (setPaused !== undefined) this.setPaused = setPaused;
  }

  /** What the topics hold by now is in the store before: a new subscription would take it for news. */
  async put(record: SubscriptionRecord, options: { readonly ephemeral: boolean }): Promise<PutResult> {
    const { progress, refresh, start } = this.#dependencies;
    start();
    await refresh();
    await progress.allRecorded();
    return this.#store.put(record, options);
  }

  async list(): Promise<SubscriptionState[]> {
    await caughtUp(this.#dependencies);
    return this.#store.list();
  }

  async get(name: string): Promise<SubscriptionState | undefined> {
    await caughtUp(this.#dependencies);
    return this.#store.get(name);
  }

  delete(name: string): Promise<boolean> {
    return this.#store.delete(name);
  }
}

/** The dead letters of the store. */
export class KafkaDeadLetters implements DeadLetterStore {
  readonly #store: DeadLetterStore;
  readonly #progress: Progress;

  constructor(store: DeadLetterStore, progress: Progress) {
    this.#store = store;
    this.#progress = progress;
  }

  put(deadLetter: DeadLetter): Promise<void> {
    return this.#store.put(deadLetter);
  }

  async list(query: DeadLetterQuery, page: PageOptions): Promise<DeadLetterPage> {
    await this.#progress.allRecorded();
    return this.#store.list(query, page);
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    await this.#progress.allRecorded();
    return this.#store.get(id);
  }

  delete(id: string): Promise<boolean> {
    return this.#store.delete(id);
  }
}
