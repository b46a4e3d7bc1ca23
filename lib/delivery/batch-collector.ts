import type { Delivery } from "../engine/delivery.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Counters } from "../runtime/metrics.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";

/** What a collector needs of its bus. */
export interface BatchCollectorDependencies {
  readonly clock: Clock;
  readonly counters: Counters;
}

/** Called with the deliveries of a batch, at least one, and the settings that they came with. */
export type BatchReady = (deliveries: readonly Delivery[], record: SubscriptionRecord) => void;

/** Collects deliveries until there are enough of them, or the first has waited for long enough. */
export class BatchCollector {
  readonly #dependencies: BatchCollectorDependencies;
  readonly #windowMs: number;
  readonly #ready: BatchReady;
  #deliveries: Delivery[] = [];
  #record: SubscriptionRecord | undefined;
  #timer: Timer = undefined;

  constructor(dependencies: BatchCollectorDependencies, windowMs: number, ready: BatchReady) {
    this.#dependencies = dependencies;
    this.#windowMs = windowMs;
    this.#ready = ready;
  }

  get size(): number {
    return this.#deliveries.length;
  }

  add(delivery: Delivery, record: SubscriptionRecord, enough: number): void {
    this.#record = record;
    this.#deliveries.push(delivery);
    if (this.#windowMs > 0) this.#dependencies.counters.batching += 1;
    if (this.#deliveries.length >= enough) this.#flush();
    else if (this.#deliveries.length === 1) this.#arm();
  }

  /** Gives what was collected, and forgets it. */
  take(): readonly Delivery[] {
    const { clock, counters } = this.#dependencies;
    const deliveries = this.#deliveries;
    this.#deliveries = [];
    if (this.#windowMs > 0) counters.batching -= deliveries.length;
    clock.clearTimer(this.#timer);
    this.#timer = undefined;
    return deliveries;
  }

  #arm(): void {
    if (this.#windowMs > 0) {
      this.#timer = this.#dependencies.clock.setTimer(() => this.#flush(), this.#windowMs, { keepAlive: true });
      return;
    }
    // What is handed over in one turn of the event loop comes together; a timer would wait for a millisecond.
    const first = this.#deliveries[0];
    setImmediate(() => {
      if (this.#deliveries[0] === first) this.#flush();
    });
  }

  #flush(): void {
    const record = this.#record;
    const deliveries = this.take();
    if (record !== undefined && deliveries.length > 0) this.#ready(deliveries, record);
  }
}
