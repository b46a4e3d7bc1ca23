import type { Outcome } from "../../../engine/delivery.ts";
import type { Consumer } from "../../../engine/delivery-queue.ts";
import type { BusError } from "../../../error/bus-error.ts";
import { Fifo } from "../../../runtime/fifo.ts";
import type { ClaimedDelivery } from "./claimed-delivery.ts";

/** How an attempt ended, until a transaction records it. */
export class Settlement {
  readonly delivery: ClaimedDelivery;
  readonly outcome: Outcome;
  /** Milliseconds for which the handler ran; undefined where it did not. */
  readonly ranMs: number | undefined;
  /** Whether it could not be written before. */
  deferred = false;
  readonly #consumer: Consumer;
  /** Present where the consumer waits for it. */
  #batch: Batch | undefined;
  /** The same, where it could not be written with the others of its batch. */
  #alone: PromiseWithResolvers<void> | undefined;

  constructor(delivery: ClaimedDelivery, outcome: Outcome, ranMs: number | undefined, consumer: Consumer) {
    this.delivery = delivery;
    this.outcome = outcome;
    this.ranMs = ranMs;
    this.#consumer = consumer;
  }

  /** Resolves once it is committed. */
  recordedWith(batch: Batch): Promise<void> {
    this.#batch = batch;
    batch.add();
    return batch.recorded.then(() => this.#alone?.promise);
  }

  committed(): void {
    if (this.#alone === undefined) this.#batch?.done();
    else this.#alone.resolve();
  }

  /** It cannot be written for now; the others of its batch wait for it no longer. */
  defer(): void {
    if (this.deferred) return;
    this.deferred = true;
    if (this.#batch === undefined) return;
    this.#alone = Promise.withResolvers();
    this.#batch.done();
  }

  /** A deferred one is given up. */
  abandon(error: BusError): void {
    if (this.#alone === undefined) this.#consumer.unrecorded?.(error);
    else this.#alone.reject(error);
  }
}

export interface SettlementQueueDependencies {
  /** Has a transaction begun soon. */
  schedule(): void;
  /** Milliseconds since 1970. */
  now(): number;
  /** So many deliveries are recorded as ended. */
  settled(count: number): void;
}

/** What consumers settle. The attempts were made, so that their ends are kept until they can be written. */
export class SettlementQueue {
  readonly #dependencies: SettlementQueueDependencies;
  readonly #settlements = new Fifo<Settlement>();
  #batch: Batch | undefined;

  constructor(dependencies: SettlementQueueDependencies) {
    this.#dependencies = dependencies;
  }

  get size(): number {
    return this.#settlements.size;
  }

  /** Resolves once the outcome is committed; undefined where the delivery was settled before, or its consumer does not wait. */
  add(
    delivery: ClaimedDelivery,
    outcome: Outcome,
    startedAt: number | undefined,
    endedAt: number | undefined,
  ): Promise<void> | undefined {
    const { consumer } = delivery;
    if (consumer === undefined) return undefined;
    delivery.consumer = undefined;
    const ranMs =
      startedAt === undefined ? undefined : Math.max(0, Math.round((endedAt ?? this.#dependencies.now()) - startedAt));
    const settlement = new Settlement(delivery, outcome, ranMs, consumer);
    this.#settlements.push(settlement);
    this.#dependencies.schedule();
    if (consumer.unrecorded !== undefined) return undefined;
    this.#batch ??= new Batch();
    return settlement.recordedWith(this.#batch);
  }

  /** The first of the queue, at most `limit`. */
  take(limit: number): Settlement[] {
    this.#batch = undefined;
    return this.#settlements.take(limit);
  }

  /** Of what was taken, the first `count` are committed; the rest goes back to where it was. */
  committed(taken: readonly Settlement[], count: number): void {
    this.#dependencies.settled(count);
    this.#settlements.putBack(taken.slice(count));
    for (let index = 0; index < count; index += 1) taken[index]?.committed();
  }

  /** What was taken is given up: the file does not take it. */
  abandoned(taken: readonly Settlement[], error: BusError): void {
    this.#dependencies.settled(taken.length);
    for (const settlement of taken) settlement.abandon(error);
  }
}

/** Settlements that came between two transactions: one promise tells them all. */
class Batch {
  readonly recorded: Promise<void>;
  #resolve: () => void = () => {};
  #left = 0;

  constructor() {
    this.recorded = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  add(): void {
    this.#left += 1;
  }

  done(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#resolve();
  }
}
