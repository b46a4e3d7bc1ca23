import type { Outcome } from "../../bus/delivery.ts";
import type { Accepted, Entry } from "../../bus/engine.ts";
import { BusError } from "../../error/bus-error.ts";
import type { ClaimedDelivery } from "./claimed-delivery.ts";
import { Fifo } from "./fifo.ts";
import type { Job } from "./writer.ts";

/** A publish that waits for its transaction. */
export class PendingPublish {
  readonly entry: Entry;
  readonly body: string;
  readonly resolve: (accepted: Accepted) => void;
  readonly reject: (error: BusError) => void;
  result: Accepted | BusError | undefined;

  constructor(entry: Entry, body: string, resolve: (accepted: Accepted) => void, reject: (error: BusError) => void) {
    this.entry = entry;
    this.body = body;
    this.resolve = resolve;
    this.reject = reject;
  }
}

export interface IntakeHost {
  readonly maxPending: number;
  /** Within the transaction. */
  accept(publish: PendingPublish): Accepted | BusError;
  settle(delivery: ClaimedDelivery, outcome: Outcome): void;
  claim(limit: number): void;
  wantsClaims(): boolean;
  schedule(): void;
  onError(error: BusError): void;
}

/** At most so many of each in a transaction: larger groups are hardly faster, and hold the event loop up. */
const publishesAtOnce = 128;
const settlementsAtOnce = 512;
const claimsAtOnce = 128;
/** Milliseconds until settlements that could not be written are tried again; doubled up to the last. */
const retryMs = { from: 50, to: 1_000 };

interface Settlement {
  readonly delivery: ClaimedDelivery;
  readonly outcome: Outcome;
  readonly resolve: () => void;
}

/** Collects what concurrent callers publish and settle, and gives it out in groups: one commit serves a whole group. */
export class Intake {
  readonly #host: IntakeHost;
  readonly #publishes = new Fifo<PendingPublish>();
  readonly #urgent = new Fifo<PendingPublish>();
  readonly #settlements = new Fifo<Settlement>();
  readonly #held = new Set<ClaimedDelivery>();
  #unsettled = 0;
  #failures = 0;
  #paused = false;

  constructor(host: IntakeHost) {
    this.#host = host;
  }

  /** Deliveries of this process whose end is not recorded yet. */
  get outstanding(): number {
    return this.#held.size + this.#unsettled;
  }

  publish(entry: Entry): Promise<Accepted> {
    const { maxPending } = this.#host;
    if (!entry.inHandler && this.#publishes.size >= maxPending) {
      return Promise.reject(
        new BusError(
          "throttled",
          `${entry.event.type} was not published: ${maxPending} publishes wait to be written; await some before publishing more`,
          { details: { maxPending } },
        ),
      );
    }
    const body = JSON.stringify(entry.event);
    return new Promise((resolve, reject) => {
      const pending = new PendingPublish(entry, body, resolve, reject);
      (entry.inHandler ? this.#urgent : this.#publishes).push(pending);
      this.#host.schedule();
    });
  }

  /** A claimed delivery is about to be handed over. */
  hold(delivery: ClaimedDelivery): void {
    this.#held.add(delivery);
  }

  /** Undefined where the delivery was settled before. */
  settle(delivery: ClaimedDelivery, outcome: Outcome): Promise<void> | undefined {
    if (!this.#held.delete(delivery)) return undefined;
    this.#unsettled += 1;
    return new Promise((resolve) => {
      this.#settlements.push({ delivery, outcome, resolve });
      this.#host.schedule();
    });
  }

  nextGroup(): Job | undefined {
    const settlements = this.#paused ? [] : this.#settlements.take(settlementsAtOnce);
    // After a failure settlements go alone: they make room, and a publish that cannot be written must not take them along.
    const alone = this.#failures > 0 && settlements.length > 0;
    const publishes = alone ? [] : this.#urgent.take(publishesAtOnce);
    if (!alone) publishes.push(...this.#publishes.take(publishesAtOnce - publishes.length));
    if (publishes.length === 0 && settlements.length === 0 && !this.#host.wantsClaims()) return undefined;
    const host = this.#host;
    return {
      run: () => {
        for (const { delivery, outcome } of settlements) host.settle(delivery, outcome);
        for (const publish of publishes) publish.result = host.accept(publish);
        host.claim(claimsAtOnce);
      },
      committed: () => {
        this.#failures = 0;
        this.#unsettled -= settlements.length;
        for (const { resolve } of settlements) resolve();
        for (const { result, resolve, reject } of publishes) {
          if (result instanceof BusError) reject(result);
          else if (result !== undefined) resolve(result);
        }
      },
      failed: (error) => {
        for (const { reject } of publishes) reject(error);
        if (settlements.length > 0) this.#tryAgain(settlements, error);
      },
    };
  }

  /** Refuses all publishes that wait. */
  rejectAll(error: BusError): void {
    for (const queue of [this.#urgent, this.#publishes]) {
      for (const { reject } of queue.take(queue.size)) reject(error);
    }
  }

  /** The runs have been made, so their ends are kept until they can be written. */
  #tryAgain(settlements: readonly Settlement[], error: BusError): void {
    this.#settlements.putBack(settlements);
    if (this.#failures === 0) this.#host.onError(error);
    this.#failures += 1;
    this.#paused = true;
    setTimeout(
      () => {
        this.#paused = false;
        this.#host.schedule();
      },
      Math.min(retryMs.to, retryMs.from * 2 ** Math.min(this.#failures - 1, 10)),
    ).unref();
  }
}
