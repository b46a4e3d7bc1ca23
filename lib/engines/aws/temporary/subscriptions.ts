import { acceptedAt } from "../../../aws/index.ts";
import type { Failure, Outcome } from "../../../bus/delivery.ts";
import type { Attachment, Consumer, SubscriptionState } from "../../../bus/engine.ts";
import { type Followed, Follower } from "../../../bus/follower.ts";
import { queryTime } from "../../../bus/history-filter.ts";
import type { Item } from "../../../bus/in-memory/item.ts";
import { Scheduler } from "../../../bus/in-memory/scheduler.ts";
import { SubscriptionQueue } from "../../../bus/in-memory/subscription-queue.ts";
import { Router } from "../../../bus/router.ts";
import { toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import type { AwsParts, DeadLetterStore, HistoryStore } from "../parts.ts";
import { Feed } from "./feed.ts";

export interface TemporaryParts extends Pick<AwsParts, "clock" | "nextId" | "onError"> {
  readonly history: Pick<HistoryStore, "position">;
  readonly deadLetters: Pick<DeadLetterStore, "put">;
  readonly log: Followed;
}

/**
 * Subscriptions that end with this process. They are fed from history as it is recorded and kept in memory: a rule and a
 * queue for a process that may be gone in a second would be made by the thousand, and left behind by each that crashed.
 */
export class TemporarySubscriptions {
  readonly #parts: TemporaryParts;
  readonly #follower: Follower;
  readonly #scheduler = new Scheduler();
  readonly #entries = new Map<string, { queue: SubscriptionQueue; feed: Feed }>();
  #order = 0;

  constructor(parts: TemporaryParts) {
    this.#parts = parts;
    this.#follower = new Follower(parts.log, parts.clock);
  }

  async add(record: SubscriptionRecord): Promise<void> {
    const { clock, history, log, onError } = this.#parts;
    const queue = new SubscriptionQueue(
      {
        clock,
        schedule: (one) => this.#scheduler.schedule(one),
        bury: (item, reason) => this.#bury(item, reason),
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

  settle(item: Item, outcome: Outcome): void {
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

  #give(queue: SubscriptionQueue, event: Event): void {
    this.#order += 1;
    queue.add(event, this.#order, acceptedAt(event, this.#parts.clock.now()), false);
  }

  #bury(item: Item, reason: Failure): void {
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
