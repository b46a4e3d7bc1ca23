import type { Consumer } from "../../../engine/delivery-queue.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { ClaimedDelivery } from "./claimed-delivery.ts";

/** The consumers of this process, by subscription, and what is handed over to them. */
export class Consumers {
  readonly #byName = new Map<string, Set<Consumer>>();
  readonly #onError: (error: BusError) => void;
  /** Subscriptions for which a statement under way may claim. */
  readonly #reserved = new Set<string>();
  #outstanding = 0;

  constructor(onError: (error: BusError) => void) {
    this.#onError = onError;
  }

  get empty(): boolean {
    return this.#byName.size === 0;
  }

  /** Deliveries of this process whose end is not recorded yet. */
  get outstanding(): number {
    return this.#outstanding;
  }

  names(): Iterable<string> {
    return this.#byName.keys();
  }

  /** Whether this process handles a subscription. */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  add(name: string, consumer: Consumer): void {
    const consumers = this.#byName.get(name);
    if (consumers === undefined) this.#byName.set(name, new Set([consumer]));
    else consumers.add(consumer);
  }

  remove(name: string, consumer: Consumer): void {
    const consumers = this.#byName.get(name);
    if (consumers?.delete(consumer) === true && consumers.size === 0) this.#byName.delete(name);
  }

  /**
   * How many of a subscription's deliveries a statement may claim: none while another one may. The answers of two could come in
   * another order than that in which they claimed, and what is newer would start first.
   */
  free(name: string): number {
    if (this.#reserved.has(name)) return 0;
    let capacity = 0;
    for (const consumer of this.#byName.get(name) ?? []) capacity += consumer.capacity();
    return capacity;
  }

  /** A statement may claim; gives what ends that. */
  reserve(name: string): () => void {
    this.#reserved.add(name);
    return () => this.#reserved.delete(name);
  }

  /** Counts a claimed delivery until it is settled. */
  hold(delivery: ClaimedDelivery): void {
    this.#outstanding += 1;
    delivery.held = true;
  }

  /**
   * Hands a claimed delivery to the consumer with most room. False where none has any: they were paused or closed while it was
   * claimed.
   */
  deliver(delivery: ClaimedDelivery): boolean {
    this.hold(delivery);
    let best: Consumer | undefined;
    let most = 0;
    for (const consumer of this.#byName.get(delivery.subscription) ?? []) {
      const capacity = consumer.capacity();
      if (capacity <= most) continue;
      best = consumer;
      most = capacity;
    }
    if (best === undefined) return false;
    try {
      best.deliver(delivery);
    } catch (thrown) {
      // It promised not to; its delivery stays claimed, and those of the others go on.
      this.#onError(toBusError(thrown));
    }
    return true;
  }

  /** The end of so many deliveries is recorded, or given up. */
  settled(count: number): void {
    this.#outstanding -= count;
  }
}
