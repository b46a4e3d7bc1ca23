import type { LocalQueue } from "../../delivery/local-queue/local-queue.ts";
import { Router } from "../../delivery/router.ts";
import type { ChangeSignal } from "../../engine/change-signal.ts";
import type { PutResult, SubscriptionState, SubscriptionStore } from "../../engine/subscription-store.ts";
import { queryTime } from "../../runtime/query-time.ts";
import { changedSettings } from "../../subscription/changed-settings.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import type { MemoryDeadLetters } from "./dead-letters.ts";
import type { MemoryDeliveries } from "./deliveries.ts";
import type { MemoryLog } from "./log.ts";

export interface MemorySubscriptionsDependencies {
  readonly log: MemoryLog;
  readonly deliveries: MemoryDeliveries;
  readonly deadLetters: MemoryDeadLetters;
  readonly changes: ChangeSignal;
}

/** The subscriptions of this process; they end with it. */
export class MemorySubscriptions implements SubscriptionStore {
  readonly #dependencies: MemorySubscriptionsDependencies;

  constructor(dependencies: MemorySubscriptionsDependencies) {
    this.#dependencies = dependencies;
  }

  async put(record: SubscriptionRecord, { ephemeral }: { ephemeral: boolean }): Promise<PutResult> {
    const { deliveries } = this.#dependencies;
    const queue = deliveries.queue(record.name);
    if (queue !== undefined) {
      const changed = changedSettings(queue.record, record);
      deliveries.change(queue, record);
      return { created: false, changed };
    }
    const created = deliveries.create(record, ephemeral);
    if (record.from !== "now") this.#backfill(created);
    return { created: true, changed: [] };
  }

  async list(): Promise<SubscriptionState[]> {
    return [...this.#dependencies.deliveries.queues()].map((queue) => this.#stateOf(queue));
  }

  async get(name: string): Promise<SubscriptionState | undefined> {
    const queue = this.#dependencies.deliveries.queue(name);
    return queue === undefined ? undefined : this.#stateOf(queue);
  }

  async delete(name: string): Promise<boolean> {
    const { changes, deliveries } = this.#dependencies;
    const deleted = deliveries.delete(name);
    changes.notify();
    return deleted;
  }

  /** Gives a subscription that starts in the past what it missed, in order. */
  #backfill(queue: LocalQueue): void {
    const { deliveries, log } = this.#dependencies;
    const { record } = queue;
    const since = record.from === "beginning" ? Number.NEGATIVE_INFINITY : (queryTime(record.from, "from") ?? 0);
    const router = new Router([record]);
    for (const { event, acceptedAt } of log.all()) {
      if (acceptedAt >= since && router.route(event).length > 0) deliveries.backfill(queue, event, acceptedAt);
    }
  }

  #stateOf(queue: LocalQueue): SubscriptionState {
    return queue.state(this.#dependencies.deadLetters.countOf(queue.record.name));
  }
}
