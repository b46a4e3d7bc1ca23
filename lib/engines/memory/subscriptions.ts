import type { LocalQueues } from "../../delivery/local-queue/local-queues.ts";
import type { PutResult, SubscriptionState, SubscriptionStore } from "../../engine/subscription-store.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import type { MemoryDeadLetters } from "./dead-letters.ts";
import type { MemoryLog } from "./log.ts";

export interface MemorySubscriptionsDependencies {
  readonly log: MemoryLog;
  readonly queues: LocalQueues;
  readonly deadLetters: MemoryDeadLetters;
  /** Called where one was paused, or goes on. */
  changed(): void;
}

/** The subscriptions of this process; they end with it. */
export class MemorySubscriptions implements SubscriptionStore {
  readonly #dependencies: MemorySubscriptionsDependencies;

  constructor(dependencies: MemorySubscriptionsDependencies) {
    this.#dependencies = dependencies;
  }

  async put(record: SubscriptionRecord, { ephemeral }: { ephemeral: boolean }): Promise<PutResult> {
    const { log, queues } = this.#dependencies;
    return queues.put(record, ephemeral, log.all());
  }

  async list(): Promise<SubscriptionState[]> {
    const { deadLetters, queues } = this.#dependencies;
    return queues.states((name) => deadLetters.countOf(name));
  }

  async get(name: string): Promise<SubscriptionState | undefined> {
    const { deadLetters, queues } = this.#dependencies;
    return queues.get(name)?.state(deadLetters.countOf(name));
  }

  async setPaused(name: string, paused: boolean): Promise<boolean | undefined> {
    const { changed, queues } = this.#dependencies;
    const isChanged = queues.get(name)?.setPaused(paused);
    if (isChanged === true) changed();
    return isChanged;
  }

  async delete(name: string): Promise<boolean> {
    return this.#dependencies.queues.delete(name);
  }
}
