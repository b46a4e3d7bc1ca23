import { acceptedAt } from "../../../aws-shared/index.ts";
import type { DeliveryItem } from "../../../delivery/local-queue/delivery-item.ts";
import { LocalQueue } from "../../../delivery/local-queue/local-queue.ts";
import { Scheduler } from "../../../delivery/local-queue/scheduler.ts";
import { Router } from "../../../delivery/router.ts";
import type { Failure, Outcome } from "../../../engine/delivery.ts";
import type { Consumer } from "../../../engine/delivery-queue.ts";
import type { Attachment } from "../../../engine/engine.ts";
import type { SubscriptionState } from "../../../engine/subscription-store.ts";
import { toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import { type Followed, Follower } from "../../../history/follower.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import type { AwsDependencies, DeadLetterStore, HistoryStore } from "../dependencies.ts";
import { Feed } from "./feed.ts";

export interface EphemeralDependencies extends Pick<AwsDependencies, "clock" | "nextId" | "onError"> {
  readonly history: Pick<HistoryStore, "position">;
  readonly deadLetters: Pick<DeadLetterStore, "put">;
  readonly log: Followed;
}

/**
 * Subscriptions that end with this process. They are fed from history as it is recorded and kept in memory: a rule and a
 * queue for a process that may be gone in a second would be made by the thousand, and left behind by each that crashed.
 */
export class EphemeralSubscriptions {
  readonly #parts: EphemeralDependencies;
  readonly #follower: Follower;
  readonly #scheduler = new Scheduler();
  readonly #entries = new Map<string, { queue: LocalQueue; feed: Feed }>();
  #order = 0;

  constructor(parts: EphemeralDependencies) {
    this.#parts = parts;
    this.#follower = new Follower(parts.log, parts.clock);
  }

  async add(record: SubscriptionRecord): Promise<void> {
    const { clock, history, log, onError } = this.#parts;
    const queue = new LocalQueue(
      {
        clock,
        schedule: (one) => this.#scheduler.schedule(one),
        deadLetter: (item, reason) => this.#deadLetter(item, reason),
        changed: () => {},
      },
      record,
      true,
    );
    const router = new Router([record]);
    const feed = new Feed({ clock, log, onError, follower: this.#follower }, (event) => {
      if (router.route(event).length > 0) this.#give(queue, event);
    });
    this.#entries.set(record.name, { queue, feed });
    const time = record.from === "beginning" ? 0 : queryTime(record.from === "now" ? undefined : record.from, "from");
    await feed.start(time === undefined ? undefined : await history.position({ time }));
  }

  settings(name: string): SubscriptionRecord | undefined {
    return this.#entries.get(name)?.queue.record;
  }

  /** Its dead letters are not counted: no look at it may cost a query. */
  state(name: string): SubscriptionState | undefined {
    return this.#entries.get(name)?.queue.state(0);
  }

  states(): SubscriptionState[] {
    return [...this.#entries.values()].map(({ queue }) => queue.state(0));
  }

  attach(name: string, consumer: Consumer): Attachment {
    const queue = this.#entries.get(name)?.queue;
    queue?.attach(consumer);
    return {
      wake: () => {
        if (queue !== undefined && queue.backlog > 0) this.#scheduler.schedule(queue);
      },
      detach: () => queue?.detach(consumer),
    };
  }

  settle(item: DeliveryItem, outcome: Outcome): void {
    this.#entries.get(item.subscription)?.queue.settle(item, outcome);
  }

  delete(name: string): boolean {
    const entry = this.#entries.get(name);
    entry?.feed.close();
    entry?.queue.clear();
    return this.#entries.delete(name);
  }

  close(): void {
    for (const name of [...this.#entries.keys()]) this.delete(name);
    this.#follower.stop();
  }

  /** Queues an event of a replay. */
  give(name: string, event: Event): void {
    const queue = this.#entries.get(name)?.queue;
    if (queue !== undefined) this.#give(queue, event);
  }

  #give(queue: LocalQueue, event: Event): void {
    this.#order += 1;
    queue.add(event, this.#order, acceptedAt(event, this.#parts.clock.now()), false);
  }

  #deadLetter(item: DeliveryItem, reason: Failure): void {
    const { clock, deadLetters, nextId, onError } = this.#parts;
    const letter = {
      id: nextId(),
      subscription: item.subscription,
      event: item.event,
      reason,
      attempts: item.attempt,
      failures: item.failures.length === 0 ? [reason] : item.failures,
      acceptedAt: new Date(item.acceptedAt).toISOString(),
      deadAt: new Date(clock.now()).toISOString(),
    };
    deadLetters.put(letter).catch((thrown: unknown) => onError(toBusError(thrown)));
  }
}
