import type { Delivery, Outcome, PendingDelivery } from "../../engine/delivery.ts";
import type { Consumer, Consumption } from "../../engine/delivery-queue.ts";
import type { SubscriptionState } from "../../engine/subscription-store.ts";
import { deliverAtMs } from "../../event/deliver-at.ts";
import type { Event } from "../../event/event.ts";
import { orderedKey } from "../../subscription/index.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { overflowFailure, processEndedFailure } from "../dead-letter.ts";
import { IndexedPool } from "../indexed-pool.ts";
import { ConsumerTurns } from "./consumer-turns.ts";
import { DelayedItems } from "./delayed-items.ts";
import { DeliveryItem, firstTime, type StoredDelivery } from "./delivery-item.ts";
import { KeyLines } from "./key-lines.ts";
import type { LocalQueueDependencies } from "./local-queue-dependencies.ts";
import type { LocalDeliveryStore } from "./local-store.ts";
import { PriorityQueue } from "./priority-queue.ts";

/** What one subscription has to deliver, and to whom. */
export class LocalQueue {
  /** Whether it ends with its process. */
  readonly ephemeral: boolean;
  /** Whether the scheduler has it on its list. */
  scheduled = false;
  readonly #dependencies: LocalQueueDependencies;
  readonly #store: LocalDeliveryStore | undefined;
  readonly #waiting = new PriorityQueue<DeliveryItem>();
  readonly #delayed: DelayedItems;
  readonly #running = new IndexedPool<DeliveryItem>();
  readonly #keys = new KeyLines();
  readonly #consumers = new ConsumerTurns();
  #deleted = false;
  #paused = false;
  #filling = false;
  #record: SubscriptionRecord;
  #keyOf: ((event: Event) => string) | undefined;

  constructor(dependencies: LocalQueueDependencies, record: SubscriptionRecord, ephemeral: boolean) {
    this.#dependencies = dependencies;
    this.ephemeral = ephemeral;
    this.#store = ephemeral ? undefined : dependencies.store;
    this.#record = record;
    this.#keyOf = record.ordered === undefined ? undefined : orderedKey(record.ordered);
    this.#delayed = new DelayedItems(dependencies.clock, (item) => {
      this.#wait(item);
      dependencies.changed();
    });
  }

  /** The settings that apply now. */
  get record(): SubscriptionRecord {
    return this.#record;
  }

  /** Hands nothing over until it goes on; returns whether that changes something. */
  setPaused(paused: boolean): boolean {
    if (paused === this.#paused) return false;
    this.#paused = paused;
    this.#dependencies.schedule(this);
    return true;
  }

  /** Takes over changed settings. Another `ordered` is for what comes next; what waits is queued anew by it. */
  change(record: SubscriptionRecord): void {
    const rekey = record.ordered !== this.#record.ordered;
    this.#record = record;
    if (rekey) this.#rekey();
    this.#dependencies.schedule(this);
  }

  /**
   * Queues an event; one for which there is no room becomes a dead letter. One that is redriven has room in any case, since its
   * dead letter goes.
   */
  add(event: Event, order: number, acceptedAt: number, requeued = firstTime): void {
    const item = new DeliveryItem(this.#record.name, event, order, acceptedAt, this.#keyOf?.(event), requeued);
    const { maxBacklog } = this.#record;
    if (maxBacklog === undefined || this.backlog < maxBacklog) this.#filling = false;
    else if (!requeued.redriven && !(this.#filling && requeued.replayId === undefined)) {
      this.#dependencies.deadLetter(item, overflowFailure(item.subscription, maxBacklog, acceptedAt));
      return;
    }
    this.#enqueue(item);
    this.#store?.putDelivery(item);
  }

  /**
   * Queues an event of history for a subscription that starts there, whatever room there is: a bound must not make dead letters
   * of what was kept. Until the backlog has gone down to it, what is published counts as read from history too.
   */
  backfill(event: Event, order: number, acceptedAt: number): void {
    this.#filling = true;
    this.add(event, order, acceptedAt);
  }

  /**
   * Queues a delivery as a store kept it; call it for all, oldest first, before anything else is queued. Its attempts count,
   * one that was cut off with its process too, and one that was delayed is due when it was.
   */
  restore({ event, order, acceptedAt, attempt, failures, dueAt, running, ...requeued }: StoredDelivery): void {
    const { name, attempts } = this.#record;
    const now = this.#dependencies.clock.now();
    const item = new DeliveryItem(name, event, order, acceptedAt, this.#keyOf?.(event), requeued);
    item.attempt = attempt;
    item.failures = failures;
    if (running) {
      const lost = processEndedFailure(name, attempt, now);
      if (attempt >= attempts) {
        this.#dependencies.deadLetter(item, lost);
        this.#store?.deleteDelivery(item);
        return;
      }
      item.failures = [...failures, lost];
    }
    const isDue = dueAt === undefined || dueAt <= now;
    if (isDue || (item.key !== undefined && this.#keys.has(item.key))) this.#enqueue(item);
    else {
      this.#keys.lead(item);
      this.#delayed.add(item, dueAt);
    }
  }

  /** Hands deliveries to a consumer from now on. */
  consume(consumer: Consumer): Consumption {
    this.#consumers.add(consumer);
    const queue = this;
    return {
      get settings() {
        return queue.#deleted ? undefined : queue.#record;
      },
      wake: () => {
        if (this.backlog > 0) this.#dependencies.schedule(this);
      },
      stop: () => this.#consumers.remove(consumer),
    };
  }

  /** Hands over what may run now. */
  pump(): void {
    while (!this.#paused && this.#waiting.size > 0 && this.#running.size < this.#record.concurrency) {
      const consumer = this.#consumers.next();
      if (consumer === undefined) return;
      const item = this.#waiting.shift();
      if (item === undefined) return;
      item.state = "running";
      item.attempt += 1;
      this.#running.add(item);
      this.#store?.putDelivery(item);
      consumer.deliver(item);
    }
  }

  /** Records how an attempt ended, and when its handler began and ended. Does nothing for a delivery that is not running. */
  settle(item: Delivery, outcome: Outcome, startedAt?: number, endedAt?: number): void {
    // A run outlives its deleted subscription; one made since by the same name has nothing of it.
    if (!(item instanceof DeliveryItem) || !this.#running.delete(item)) return;
    const { clock, ended } = this.#dependencies;
    switch (outcome.kind) {
      case "done":
      case "dropped":
        ended?.(item, outcome.kind, startedAt, endedAt ?? clock.now());
        this.#release(item);
        break;
      case "released":
        item.attempt -= 1;
        if (outcome.afterMs === undefined || outcome.afterMs <= 0) this.#wait(item);
        else this.#delayBy(item, outcome.afterMs);
        break;
      case "retry":
        item.failures = [...item.failures, outcome.failure];
        this.#delayBy(item, outcome.afterMs);
        break;
      case "dead":
        this.#dependencies.deadLetter(item, outcome.failure);
        ended?.(item, "dead", startedAt, endedAt ?? clock.now(), outcome.failure);
        this.#release(item);
        break;
    }
    if (this.#store !== undefined) {
      if (outcome.kind === "released" || outcome.kind === "retry") this.#store.putDelivery(item);
      else this.#store.deleteDelivery(item);
    }
    if (this.#waiting.size > 0) this.#dependencies.schedule(this);
  }

  /** What of a flow is under way, at most `limit`. */
  pending(correlationId: string, limit = Number.POSITIVE_INFINITY): PendingDelivery[] {
    const pending: PendingDelivery[] = [];
    if (limit <= 0) return pending;
    const standing: Pick<PendingDelivery, "handled" | "paused"> = {
      ...(this.#consumers.size > 0 ? {} : { handled: false }),
      ...(this.#paused ? { paused: true } : {}),
    };
    for (const item of this.items()) {
      if (item.event.metadata.correlationId !== correlationId) continue;
      pending.push({ ...item.pending(), ...standing });
      if (pending.length >= limit) break;
    }
    return pending;
  }

  /** Ends the subscription: what it has to deliver is forgotten, and its consumers see no settings any more. */
  delete(): void {
    this.#deleted = true;
    if (this.#store !== undefined) for (const item of this.items()) this.#store.deleteDelivery(item);
    this.clear();
  }

  /** Forgets all that has not begun. */
  clear(): void {
    this.#delayed.clear();
    this.#keys.clear();
    while (this.#waiting.shift() !== undefined);
  }

  /** Everything under way. */
  *items(): Generator<DeliveryItem> {
    yield* this.#running;
    yield* this.#delayed;
    yield* this.#waiting;
    yield* this.#keys;
  }

  /** Deliveries that wait or are delayed. */
  get backlog(): number {
    return this.#waiting.size + this.#delayed.size + this.#keys.waiting;
  }

  /** The subscription as it stands; its dead letters are counted elsewhere. */
  state(deadLetters: number): SubscriptionState {
    const now = this.#dependencies.clock.now();
    let oldest = now;
    for (const item of this.items()) oldest = Math.min(oldest, item.acceptedAt);
    return {
      record: this.#record,
      ephemeral: this.ephemeral,
      waiting: this.#waiting.size + this.#keys.waiting,
      delayed: this.#delayed.size,
      running: this.#running.size,
      oldestAgeMs: now - oldest,
      deadLetters,
      ...(this.#consumers.size > 0 ? {} : { handled: false }),
      ...(this.#paused ? { paused: true } : {}),
    };
  }

  #enqueue(item: DeliveryItem): void {
    if (!this.#keys.join(item)) this.#place(item);
  }

  /** Has it wait for a consumer, or first for the time before which it must not be delivered. */
  #place(item: DeliveryItem): void {
    const dueAt = deliverAtMs(item.event);
    if (dueAt > 0 && dueAt > this.#dependencies.clock.now()) this.#delayed.add(item, dueAt);
    else this.#wait(item);
  }

  #wait(item: DeliveryItem): void {
    item.state = "waiting";
    this.#waiting.push(item);
    this.#dependencies.schedule(this);
  }

  #delayBy(item: DeliveryItem, afterMs: number): void {
    this.#delayed.add(item, this.#dependencies.clock.now() + afterMs);
  }

  /** The next of its key takes its place. */
  #release(item: DeliveryItem): void {
    const next = this.#keys.next(item);
    if (next !== undefined) this.#place(next);
  }

  #rekey(): void {
    const { ordered } = this.#record;
    this.#keyOf = ordered === undefined ? undefined : orderedKey(ordered);
    const waiting: DeliveryItem[] = [];
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) waiting.push(item);
    waiting.push(...this.#keys);
    this.#keys.clear();
    // A key is held by its head, which may be running or delayed.
    for (const head of [...this.#running, ...this.#delayed]) this.#keys.lead(head);
    for (const item of waiting.sort((one, other) => one.order - other.order)) {
      const again = new DeliveryItem(
        item.subscription,
        item.event,
        item.order,
        item.acceptedAt,
        this.#keyOf?.(item.event),
        item,
      );
      again.attempt = item.attempt;
      again.failures = item.failures;
      this.#enqueue(again);
    }
  }
}
