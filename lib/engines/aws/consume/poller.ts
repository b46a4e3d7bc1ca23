import type { Delivery, Outcome } from "../../../engine/delivery.ts";
import type { Consumer, Consumption } from "../../../engine/delivery-queue.ts";
import { BusError } from "../../../error/bus-error.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import { toBusErrorOfAws } from "../aws-error.ts";
import { processMessage, type RunEnd } from "../deliveries/process-message.ts";
import type { AwsDependencies, ClaimedDelivery, DeliveryTable, MessageAction } from "../dependencies.ts";
import { DispatchBatch } from "./dispatch-batch.ts";
import { Groups } from "./groups.ts";
import { Heartbeat } from "./heartbeat.ts";
import { MessageQueue } from "./message-queue.ts";
import { ReceiveLoop } from "./receive-loop.ts";
import type { Received } from "./received.ts";
import { type MisplacedMessage, Regrouper } from "./regrouper.ts";

export interface PollerDependencies
  extends Pick<AwsDependencies, "catalog" | "clients" | "clock" | "logger" | "onError" | "random"> {
  readonly deliveries: Pick<DeliveryTable, "claim" | "settle" | "renew">;
  readonly leaseMs: number;
}

/** Messages that may wait here for their groups. */
const mostWaiting = 100;
/** Before a message is seen again that could not be claimed: the table did not answer. */
const unclaimedMs = 2_000;

/** A message on its way through this process. */
class PolledMessage {
  readonly received: Received;
  /** How its run ended, once its consumer has said so. */
  readonly end = Promise.withResolvers<RunEnd>();
  /** Settles once that is recorded, or could not be. */
  readonly recorded = Promise.withResolvers<void>();
  /** Undefined until it is claimed. */
  delivery: ClaimedDelivery | undefined;

  constructor(received: Received) {
    this.received = received;
  }
}

interface ClaimedMessage {
  readonly message: PolledMessage;
  readonly delivery: ClaimedDelivery;
}

/**
 * Consumes one subscription's queue in this process: receives what there is room for, has each message processed by the
 * deliveries table, where a run is to hand it to a consumer and wait for its outcome, holds what runs, and tells the queue
 * what became of it.
 */
export class Poller {
  readonly #dependencies: PollerDependencies;
  readonly #settings: () => SubscriptionRecord;
  readonly #queue: MessageQueue;
  readonly #label: string;
  /** Undefined for a standard queue. */
  readonly #regrouper: Regrouper | undefined;
  readonly #groups = new Groups();
  readonly #claiming = new Set<PolledMessage>();
  readonly #running = new Map<Delivery, PolledMessage>();
  readonly #heartbeat: Heartbeat;
  readonly #loop: ReceiveLoop<Received>;
  readonly #work = new Set<Promise<void>>();
  #consumers: Consumer[] = [];
  #turn = 0;

  constructor(dependencies: PollerDependencies, settings: () => SubscriptionRecord, queueUrl: string) {
    this.#dependencies = dependencies;
    this.#settings = settings;
    this.#queue = new MessageQueue(dependencies, queueUrl);
    const { name, ordered } = settings();
    this.#label = `subscription ${name}`;
    this.#regrouper =
      ordered === undefined ? undefined : new Regrouper(dependencies, { subscription: name, queueUrl, ordered });
    const { clock, leaseMs, onError } = dependencies;
    this.#heartbeat = new Heartbeat(clock, leaseMs / 3, () => this.#hold());
    this.#loop = new ReceiveLoop({
      clock,
      room: (asked) => this.#room() - asked,
      // Half a lease is enough until the heartbeat holds them, and the most that a message of a broken receive is away.
      receive: (most, signal) => this.#queue.receive(most, leaseMs / 2, signal),
      take: (received) => this.#take(received),
      failed: (thrown) => onError(toBusErrorOfAws(thrown, `${this.#label}: its queue`)),
      begun: (work) => this.#inBackground(work),
    });
  }

  consume(consumer: Consumer): Consumption {
    this.#consumers.push(consumer);
    const poller = this;
    return {
      get settings() {
        return poller.#settings();
      },
      wake: () => this.#loop.poll(),
      stop: () => {
        this.#consumers = this.#consumers.filter((other) => other !== consumer);
      },
    };
  }

  /** How many deliveries run here. */
  get running(): number {
    return this.#running.size;
  }

  /** Records how a run ended, in the table first; only then the queue hears of it. */
  async settle(delivery: Delivery, outcome: Outcome, startedAt?: number): Promise<void> {
    const message = this.#running.get(delivery);
    if (message === undefined) return;
    message.end.resolve({ outcome, startedAt });
    const recorded = message.recorded.promise;
    this.#track(recorded.catch(() => {}));
    await recorded;
  }

  /** Takes nothing more, and resolves once what was settled is recorded. What still runs stays held until it is settled. */
  async close(): Promise<void> {
    this.#loop.end();
    while (this.#work.size > 0) await Promise.all(this.#work);
    await this.#queue.flush();
  }

  /** Resolves once the queue has heard of all that was settled. */
  flush(): Promise<void> {
    return this.#queue.flush();
  }

  /** Deliveries that could be taken now, beyond those that are claimed at the moment. */
  #room(): number {
    const free = this.#consumers.reduce((sum, consumer) => sum + consumer.capacity(), 0);
    const { concurrency } = this.#settings();
    // What waits for its group takes no slot: the rest of the queue must not wait for one busy key.
    if (this.#groups.size >= mostWaiting) return 0;
    return Math.min(concurrency - this.#running.size, free) - this.#claiming.size;
  }

  async #take(received: readonly Received[]): Promise<void> {
    const { placed, misplaced } = this.#regrouper?.sort(received, (one) => one) ?? { placed: received, misplaced: [] };
    const processed = this.#process(placed.filter((one) => this.#groups.enter(one)));
    await Promise.all([processed, misplaced.length === 0 ? undefined : this.#regroup(misplaced)]);
  }

  /** Moves messages to the groups of their keys. Those that could not be moved come again, in order. */
  async #regroup(misplaced: readonly MisplacedMessage<Received>[]): Promise<void> {
    try {
      await this.#regrouper?.move(misplaced);
      for (const { message } of misplaced) this.#queue.delete(message.receipt);
    } catch (thrown) {
      this.#dependencies.onError(toBusErrorOfAws(thrown, this.#label));
      for (const { message } of misplaced) this.#queue.giveBack(message.receipt, unclaimedMs);
    }
  }

  /** Processes messages together; resolves once each that was claimed is handed over, the most urgent first. */
  async #process(batch: readonly Received[]): Promise<void> {
    if (batch.length === 0) return;
    this.#heartbeat.start();
    const messages = batch.map((received) => new PolledMessage(received));
    for (const message of messages) this.#claiming.add(message);
    // What came too late goes back as it is, without having been claimed.
    const wanted = messages.filter((message) => this.#canTake() || this.#refuse(message));
    const dispatchBatch = new DispatchBatch<ClaimedMessage>(wanted.length);
    for (const message of wanted) void this.#processOne(message, dispatchBatch);
    const claimed = await dispatchBatch.done;
    claimed.sort((one, other) => one.delivery.event.metadata.priority - other.delivery.event.metadata.priority);
    for (const { message, delivery } of claimed) {
      this.#claiming.delete(message);
      this.#running.set(delivery, message);
      const consumer = this.#nextConsumer();
      if (consumer === undefined) this.#inBackground(this.settle(delivery, { kind: "released" }));
      else consumer.deliver(delivery);
    }
    this.#rest();
  }

  /** Has one message processed, and its queue told what became of it. Never rejects. */
  async #processOne(message: PolledMessage, dispatchBatch: DispatchBatch<ClaimedMessage>): Promise<void> {
    const { deliveries, leaseMs, onError } = this.#dependencies;
    const { received } = message;
    // Of those that are there now: one that is closed in the meantime still counts.
    const counting = this.#consumers[this.#turn % this.#consumers.length];
    const processed = await processMessage(received.message, {
      deliveries,
      record: this.#settings(),
      leaseMs,
      run: (delivery) => {
        message.delivery = delivery;
        dispatchBatch.add({ message, delivery });
        return message.end.promise;
      },
    });
    this.#claiming.delete(message);
    switch (processed.kind) {
      case "settled":
        this.#act(received, processed.action);
        message.recorded.resolve();
        break;
      case "unsettled":
        this.#giveBack(received, leaseMs);
        message.recorded.reject(processed.error);
        break;
      case "skipped":
        if (processed.why === "expired") counting?.expired();
        this.#act(received, processed.action);
        dispatchBatch.skip();
        return;
      case "unclaimed":
        onError(processed.error);
        this.#giveBack(received, unclaimedMs);
        dispatchBatch.skip();
        return;
    }
    if (message.delivery !== undefined) this.#running.delete(message.delivery);
    this.#rest();
    this.#loop.poll();
  }

  #rest(): void {
    if (this.#running.size + this.#claiming.size + this.#groups.size === 0) this.#heartbeat.stop();
  }

  #act(received: Received, action: MessageAction): void {
    if (action.kind === "later") {
      this.#giveBack(received, action.afterMs);
      return;
    }
    this.#queue.delete(received.receipt);
    const next = this.#groups.next(received);
    if (next !== undefined) this.#inBackground(this.#process([next]));
  }

  /** What waits for it in its group goes back too; the queue keeps it until the first has gone. */
  #giveBack(received: Received, afterMs: number): void {
    this.#queue.giveBack(received.receipt, afterMs);
    for (const waiting of this.#groups.leave(received)) this.#queue.giveBack(waiting.receipt, 0);
  }

  #refuse(message: PolledMessage): false {
    this.#claiming.delete(message);
    this.#giveBack(message.received, 0);
    return false;
  }

  #canTake(): boolean {
    return !this.#loop.ended && this.#consumers.some((consumer) => consumer.capacity() > 0);
  }

  /** In turn, so that subscribers of one name share its work. */
  #nextConsumer(): Consumer | undefined {
    if (this.#loop.ended) return undefined;
    for (let tries = this.#consumers.length; tries > 0; tries -= 1) {
      this.#turn = (this.#turn + 1) % this.#consumers.length;
      const consumer = this.#consumers[this.#turn];
      if (consumer !== undefined && consumer.capacity() > 0) return consumer;
    }
    return undefined;
  }

  /** Holds for another lease what runs, and out of other processes' sight what waits here. */
  #hold(): void {
    const { leaseMs } = this.#dependencies;
    for (const { delivery, received } of this.#running.values()) {
      this.#queue.hide(received.receipt, leaseMs);
      if (delivery !== undefined) this.#inBackground(this.#renew(delivery));
    }
    for (const { received } of this.#claiming) this.#queue.hide(received.receipt, leaseMs);
    for (const { receipt } of this.#groups) this.#queue.hide(receipt, leaseMs);
  }

  async #renew(delivery: ClaimedDelivery): Promise<void> {
    const { deliveries, leaseMs, onError } = this.#dependencies;
    try {
      if ((await deliveries.renew(delivery, leaseMs)) || !this.#running.has(delivery)) return;
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
    this.#track(work.catch((thrown: unknown) => this.#dependencies.onError(toBusErrorOfAws(thrown, this.#label))));
  }

  /** Has `close` wait for it. It must not reject. */
  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }
}
