import type { Outcome } from "../../../engine/delivery.ts";
import type { Accepted } from "../../../engine/engine.ts";
import type { Entry } from "../../../engine/event-log.ts";
import { BusError } from "../../../error/bus-error.ts";
import { Fifo } from "../../../runtime/fifo.ts";
import type { ClaimedDelivery } from "../deliveries/claimed-delivery.ts";
import type { Job } from "../storage/writer.ts";

/** A publish that waits for its transaction. */
export class PendingPublish {
  readonly entry: Entry;
  readonly body: string;
  readonly #resolve: (accepted: Accepted) => void;
  readonly reject: (error: BusError) => void;
  result: Accepted | BusError | undefined;

  constructor(entry: Entry, body: string, resolve: (accepted: Accepted) => void, reject: (error: BusError) => void) {
    this.entry = entry;
    this.body = body;
    this.#resolve = resolve;
    this.reject = reject;
  }

  /** Tells the caller what was found. */
  end(): void {
    if (this.result instanceof BusError) this.reject(this.result);
    else if (this.result !== undefined) this.#resolve(this.result);
  }
}

export interface PublishQueueDependencies {
  readonly maxPending: number;
  now(): number;
  /** Within the transaction. */
  insertEvent(publish: PendingPublish, now: number): Accepted | BusError;
  settle(delivery: ClaimedDelivery, outcome: Outcome, now: number): void;
  claim(limit: number, now: number): void;
  wantsClaims(): boolean;
  schedule(): void;
  onError(error: BusError): void;
}

/** At most so many of each in a transaction: larger groups are hardly faster. */
const atOnce = { settlements: 2_048, publishes: 128, claims: 512 };
/**
 * Milliseconds into a transaction after which no more of each is begun, so that the event loop is not held up: with ten
 * subscriptions a publish is ten times the work. What ends comes first: it makes room.
 */
const untilMs = { settlements: 4, publishes: 5, claims: 7 };
/** Done in any case, and between two looks at the time. */
const stride = 16;
/** Milliseconds until settlements that could not be written are tried again; doubled up to the last. */
const retryMs = { from: 50, to: 1_000 };

interface Settlement {
  readonly delivery: ClaimedDelivery;
  readonly outcome: Outcome;
  readonly batch: Batch;
}

/** Settlements that came between two transactions: one promise tells them all. */
class Batch {
  readonly kept: Promise<void>;
  #resolve: () => void = () => {};
  #left = 0;

  constructor() {
    this.kept = new Promise((resolve) => {
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

/** Collects what concurrent callers publish and settle, and gives it out in groups: one commit serves a whole group. */
export class PublishQueue {
  readonly #host: PublishQueueDependencies;
  readonly #publishes = new Fifo<PendingPublish>();
  readonly #urgent = new Fifo<PendingPublish>();
  readonly #settlements = new Fifo<Settlement>();
  #outstanding = 0;
  #batch: Batch | undefined;
  #failures = 0;
  #paused = false;

  constructor(host: PublishQueueDependencies) {
    this.#host = host;
  }

  /** Deliveries of this process whose end is not recorded yet. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Whether callers wait for a transaction. */
  get busy(): boolean {
    return this.#publishes.size + this.#urgent.size + this.#settlements.size > 0;
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
    delivery.held = true;
    this.#outstanding += 1;
  }

  /** Undefined where the delivery was settled before. */
  settle(delivery: ClaimedDelivery, outcome: Outcome): Promise<void> | undefined {
    if (!delivery.held) return undefined;
    delivery.held = false;
    this.#batch ??= new Batch();
    const batch = this.#batch;
    batch.add();
    this.#settlements.push({ delivery, outcome, batch });
    this.#host.schedule();
    return batch.kept;
  }

  nextGroup(): Job | undefined {
    const settlements = this.#paused ? [] : this.#settlements.take(atOnce.settlements);
    // After a failure settlements go alone: they make room, and a publish that cannot be written must not take them along.
    const alone = this.#failures > 0 && settlements.length > 0;
    const urgent = alone ? [] : this.#urgent.take(atOnce.publishes);
    const others = alone ? [] : this.#publishes.take(atOnce.publishes - urgent.length);
    const publishes = urgent.length === 0 ? others : [...urgent, ...others];
    if (publishes.length === 0 && settlements.length === 0 && !this.#host.wantsClaims()) return undefined;
    this.#batch = undefined;
    let settled = 0;
    let published = 0;
    return {
      run: () => {
        const budget = new Budget();
        const now = this.#host.now();
        settled = budget.spend(untilMs.settlements, settlements, ({ delivery, outcome }) =>
          this.#host.settle(delivery, outcome, now),
        );
        published = budget.spend(untilMs.publishes, publishes, (publish) => {
          publish.result = this.#host.insertEvent(publish, now);
        });
        this.#host.claim(budget.spent(untilMs.claims) ? stride : atOnce.claims, now);
      },
      committed: () => {
        this.#failures = 0;
        this.#outstanding -= settled;
        this.#settlements.putBack(settlements.slice(settled));
        this.#urgent.putBack(urgent.slice(published));
        this.#publishes.putBack(others.slice(Math.max(0, published - urgent.length)));
        for (let index = 0; index < settled; index += 1) settlements[index]?.batch.done();
        for (let index = 0; index < published; index += 1) publishes[index]?.end();
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

/** The time of one transaction. */
class Budget {
  readonly #since = performance.now();

  spent(ms: number): boolean {
    return performance.now() - this.#since > ms;
  }

  /** Does one after the other until that time is over; how many were done. */
  spend<Item>(ms: number, items: readonly Item[], act: (item: Item) => void): number {
    let done = 0;
    for (const item of items) {
      act(item);
      done += 1;
      if (done % stride === 0 && this.spent(ms)) break;
    }
    return done;
  }
}
