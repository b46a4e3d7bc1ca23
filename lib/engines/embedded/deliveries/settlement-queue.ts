import type { Outcome } from "../../../engine/delivery.ts";
import type { BusError } from "../../../error/bus-error.ts";
import { Fifo } from "../../../runtime/fifo.ts";
import type { ClaimedDelivery } from "./claimed-delivery.ts";

/** How an attempt ended, until a transaction records it. */
export interface Settlement {
  readonly delivery: ClaimedDelivery;
  readonly outcome: Outcome;
  readonly batch: Batch;
}

export interface SettlementQueueDependencies {
  /** Has a transaction begun soon. */
  schedule(): void;
  /** So many deliveries are recorded as ended. */
  settled(count: number): void;
  onError(error: BusError): void;
}

/** Milliseconds until settlements that could not be written are tried again; doubled up to the last. */
const retryMs = { from: 50, to: 1_000 };

/** What consumers settle. The attempts were made, so that their ends are kept until they can be written. */
export class SettlementQueue {
  readonly #dependencies: SettlementQueueDependencies;
  readonly #settlements = new Fifo<Settlement>();
  #batch: Batch | undefined;
  #failures = 0;
  #paused = false;

  constructor(dependencies: SettlementQueueDependencies) {
    this.#dependencies = dependencies;
  }

  get size(): number {
    return this.#settlements.size;
  }

  /** Whether the last try to write failed. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  /** Resolves once the outcome is committed; undefined where the delivery was settled before. */
  add(delivery: ClaimedDelivery, outcome: Outcome): Promise<void> | undefined {
    if (!delivery.held) return undefined;
    delivery.held = false;
    this.#batch ??= new Batch();
    const batch = this.#batch;
    batch.add();
    this.#settlements.push({ delivery, outcome, batch });
    this.#dependencies.schedule();
    return batch.recorded;
  }

  /** The first of the queue, at most `limit`; none while a failure is waited out. */
  take(limit: number): Settlement[] {
    if (this.#paused) return [];
    this.#batch = undefined;
    return this.#settlements.take(limit);
  }

  /** Of what was taken, the first `count` are committed; the rest goes back to where it was. */
  committed(taken: readonly Settlement[], count: number): void {
    this.#failures = 0;
    this.#dependencies.settled(count);
    this.#settlements.putBack(taken.slice(count));
    for (let index = 0; index < count; index += 1) taken[index]?.batch.done();
  }

  /** What was taken could not be written, and is tried again a little later. */
  failed(taken: readonly Settlement[], error: BusError): void {
    if (taken.length === 0) return;
    this.#settlements.putBack(taken);
    if (this.#failures === 0) this.#dependencies.onError(error);
    this.#failures += 1;
    this.#paused = true;
    setTimeout(
      () => {
        this.#paused = false;
        this.#dependencies.schedule();
      },
      Math.min(retryMs.to, retryMs.from * 2 ** Math.min(this.#failures - 1, 10)),
    ).unref();
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
