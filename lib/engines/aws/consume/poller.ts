import type { Delivery, Outcome } from "../../../engine/delivery.ts";
import type { Consumer } from "../../../engine/delivery-queue.ts";
import type { Attachment } from "../../../engine/engine.ts";
import { BusError } from "../../../error/bus-error.ts";
import type { Timer } from "../../../runtime/clock.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import { toBusErrorOfAws } from "../aws-error.ts";
import type { AwsDependencies, ClaimedDelivery, DeliveryStore, MessageAction } from "../dependencies.ts";
import { Groups } from "./groups.ts";
import { Heartbeat } from "./heartbeat.ts";
import { MessageQueue } from "./message-queue.ts";
import type { Received } from "./received.ts";

export interface PollerDependencies extends Pick<AwsDependencies, "clients" | "clock" | "onError"> {
  readonly deliveries: DeliveryStore;
  readonly leaseMs: number;
}

/** Messages of one receive. */
const fullBatch = 10;
/** Messages that may wait here for their groups. */
const mostWaiting = 100;
/** Receives at once, while there is room and the queue fills each. */
const mostReceives = 4;
/** Before the next receive after one that failed; doubled each time. */
const pauseMs = { from: 1_000, to: 30_000 };
/** Before a message is seen again that could not be opened: the table did not answer. */
const unopenedMs = 2_000;

interface Claimed {
  readonly delivery: ClaimedDelivery;
  readonly received: Received;
  readonly record: SubscriptionRecord;
}

/**
 * Consumes one subscription's queue in this process: receives what there is room for, opens it by the deliveries table,
 * hands it to consumers in turn, holds it while it runs, and tells the queue what became of it.
 */
export class Poller {
  readonly #parts: PollerDependencies;
  readonly #settings: () => SubscriptionRecord;
  readonly #queue: MessageQueue;
  readonly #label: string;
  readonly #groups = new Groups();
  readonly #claimed = new Map<Delivery, Claimed>();
  readonly #opening = new Set<Received>();
  readonly #heartbeat: Heartbeat;
  readonly #ending = new AbortController();
  readonly #work = new Set<Promise<void>>();
  #consumers: Consumer[] = [];
  #turn = 0;
  /** Receives under way, and the messages that they may bring. */
  #receives = 0;
  #asked = 0;
  /** Whether the last receive brought all that it asked for: there is more. */
  #flowing = false;
  #failures = 0;
  #pause: Timer;

  constructor(parts: PollerDependencies, settings: () => SubscriptionRecord, queueUrl: string) {
    this.#parts = parts;
    this.#settings = settings;
    this.#queue = new MessageQueue(parts, queueUrl);
    this.#label = `subscription ${settings().name}`;
    this.#heartbeat = new Heartbeat(parts.clock, parts.leaseMs / 3, () => this.#hold());
  }

  attach(consumer: Consumer): Attachment {
    this.#consumers.push(consumer);
    return {
      wake: () => this.#poll(),
      detach: () => {
        this.#consumers = this.#consumers.filter((other) => other !== consumer);
      },
    };
  }

  /** How many deliveries run here. */
  get running(): number {
    return this.#claimed.size;
  }

  /** Records how a run ended, in the table first; only then the queue hears of it. */
  async settle(delivery: Delivery, outcome: Outcome): Promise<void> {
    const claimed = this.#claimed.get(delivery);
    if (claimed === undefined) return;
    try {
      const action = await this.#parts.deliveries.settle(claimed.delivery, claimed.record, outcome);
      this.#over(claimed.received, action);
    } catch (thrown) {
      // The lease runs out and the message comes again: the attempt then counts as one whose process ended.
      this.#giveBack(claimed.received, this.#parts.leaseMs);
      throw toBusErrorOfAws(thrown, this.#label);
    } finally {
      this.#claimed.delete(delivery);
      if (this.#holdsNothing) this.#heartbeat.stop();
      this.#poll();
    }
  }

  /** Takes nothing more. What runs stays held until it is settled. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#parts.clock.clearTimer(this.#pause);
    while (this.#work.size > 0) await Promise.all(this.#work);
    await this.#queue.flush();
  }

  /** Resolves once the queue has heard of all that was settled. */
  flush(): Promise<void> {
    return this.#queue.flush();
  }

  get #holdsNothing(): boolean {
    return this.#claimed.size + this.#opening.size + this.#groups.size === 0;
  }

  /** Deliveries that could be taken now, beyond those that are on their way here. */
  #room(): number {
    const onTheirWay = this.#opening.size + this.#asked;
    const free = this.#consumers.reduce((sum, consumer) => sum + consumer.capacity(), 0);
    const { concurrency } = this.#settings();
    // What waits for its group takes no slot: the rest of the queue must not wait for one busy key.
    return this.#groups.size >= mostWaiting ? 0 : Math.min(concurrency - this.#claimed.size, free) - onTheirWay;
  }

  #poll(): void {
    if (this.#ending.signal.aborted || this.#pause !== undefined) return;
    for (;;) {
      const room = Math.min(fullBatch, this.#room());
      if (room <= 0 || this.#receives >= mostReceives) return;
      // A second long poll beside the first is worth its price only while the queue gives full batches.
      if (this.#receives > 0 && !(this.#flowing && room === fullBatch)) return;
      this.#receives += 1;
      this.#asked += room;
      this.#inBackground(this.#receive(room));
    }
  }

  async #receive(most: number): Promise<void> {
    const { clock, leaseMs, onError } = this.#parts;
    let received: Received[] = [];
    try {
      // Half a lease is enough until the heartbeat holds them, and the most that a message of a broken receive is away.
      received = await this.#queue.receive(most, leaseMs / 2, this.#ending.signal);
      this.#failures = 0;
    } catch (thrown) {
      if (!this.#ending.signal.aborted) {
        const waitMs = Math.min(pauseMs.to, pauseMs.from * 2 ** this.#failures);
        this.#failures += 1;
        onError(toBusErrorOfAws(thrown, `${this.#label}: its queue`));
        clock.clearTimer(this.#pause);
        this.#pause = clock.setTimer(() => {
          this.#pause = undefined;
          this.#poll();
        }, waitMs);
      }
    } finally {
      this.#receives -= 1;
      this.#asked -= most;
    }
    this.#flowing = received.length === most;
    await this.#open(received.filter((one) => this.#groups.enter(one)));
    this.#poll();
  }

  /** Opens messages together and hands them over, the most urgent first. */
  async #open(batch: readonly Received[]): Promise<void> {
    if (batch.length === 0) return;
    this.#heartbeat.start();
    for (const received of batch) this.#opening.add(received);
    // What came too late goes back as it is, without having been claimed.
    const wanted = batch.filter((received) => this.#canTake() || this.#refuse(received));
    const opened = await Promise.all(wanted.map((received) => this.#claim(received)));
    const deliveries = opened
      .flatMap((one) => one ?? [])
      .toSorted((one, other) => one.delivery.event.metadata.priority - other.delivery.event.metadata.priority);
    for (const claimed of deliveries) {
      const { delivery, received } = claimed;
      this.#opening.delete(received);
      this.#claimed.set(delivery, claimed);
      const consumer = this.#nextConsumer();
      if (consumer === undefined) this.#inBackground(this.settle(delivery, { kind: "released" }));
      else consumer.deliver(delivery);
    }
    if (this.#holdsNothing) this.#heartbeat.stop();
  }

  async #claim(received: Received): Promise<Claimed | undefined> {
    const { deliveries, leaseMs, onError } = this.#parts;
    const record = this.#settings();
    // Of those that are there now: one that is closed in the meantime still counts.
    const counting = this.#consumers[this.#turn % this.#consumers.length];
    try {
      const opened = await deliveries.open(received.message, record, { leaseMs });
      if ("delivery" in opened) return { delivery: opened.delivery, received, record };
      this.#opening.delete(received);
      if (opened.why === "expired") counting?.expired();
      this.#over(received, opened.action);
    } catch (thrown) {
      this.#opening.delete(received);
      onError(toBusErrorOfAws(thrown, this.#label));
      this.#giveBack(received, unopenedMs);
    }
    return undefined;
  }

  #over(received: Received, action: MessageAction): void {
    if (action.kind === "later") {
      this.#giveBack(received, action.afterMs);
      return;
    }
    this.#queue.delete(received.receipt);
    const next = this.#groups.next(received);
    if (next !== undefined) this.#inBackground(this.#open([next]));
  }

  /** What is behind it in its group goes back too; the queue keeps it until the first has gone. */
  #giveBack(received: Received, afterMs: number): void {
    this.#queue.giveBack(received.receipt, afterMs);
    for (const behind of this.#groups.leave(received)) this.#queue.giveBack(behind.receipt, 0);
  }

  #refuse(received: Received): false {
    this.#opening.delete(received);
    this.#giveBack(received, 0);
    return false;
  }

  #canTake(): boolean {
    return !this.#ending.signal.aborted && this.#consumers.some((consumer) => consumer.capacity() > 0);
  }

  /** In turn, so that subscribers of one name share its work. */
  #nextConsumer(): Consumer | undefined {
    if (this.#ending.signal.aborted) return undefined;
    for (let tries = this.#consumers.length; tries > 0; tries -= 1) {
      this.#turn = (this.#turn + 1) % this.#consumers.length;
      const consumer = this.#consumers[this.#turn];
      if (consumer !== undefined && consumer.capacity() > 0) return consumer;
    }
    return undefined;
  }

  /** Holds for another lease what runs, and out of other processes' sight what waits here. */
  #hold(): void {
    const { leaseMs } = this.#parts;
    for (const { delivery, received } of this.#claimed.values()) {
      this.#queue.hide(received.receipt, leaseMs);
      this.#inBackground(this.#renew(delivery));
    }
    for (const { receipt } of this.#opening) this.#queue.hide(receipt, leaseMs);
    for (const { receipt } of this.#groups) this.#queue.hide(receipt, leaseMs);
  }

  async #renew(delivery: ClaimedDelivery): Promise<void> {
    const { deliveries, leaseMs, onError } = this.#parts;
    try {
      if ((await deliveries.renew(delivery, leaseMs)) || !this.#claimed.has(delivery)) return;
      throw new BusError(
        "conflict",
        `${this.#label}: event ${delivery.event.id} was taken over while it ran here: this process held still for ` +
          `longer than its lease (${leaseMs} ms); give a longer \`lease\`, or keep the event loop free`,
        { details: { eventId: delivery.event.id, attempt: delivery.attempt } },
      );
    } catch (thrown) {
      onError(toBusErrorOfAws(thrown, this.#label));
    }
  }

  #inBackground(work: Promise<void>): void {
    const tracked = work
      .catch((thrown: unknown) => this.#parts.onError(toBusErrorOfAws(thrown, this.#label)))
      .finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }
}
