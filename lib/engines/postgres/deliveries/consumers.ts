import type { Consumer } from "../../../engine/delivery-queue.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { ClaimedDelivery } from "./claimed-delivery.ts";

/** The consumers of this process, by subscription, and what is handed over to them. */
export class Consumers {
  readonly #byName = new Map<string, Set<Consumer>>();
  readonly #onError: (error: BusError) => void;
  /** By subscription, what statements under way may still claim. */
  readonly #reserved = new Map<string, number>();
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

  /** How many of a subscription's deliveries can be taken, besides those that statements under way may bring. */
  free(name: string): number {
    let capacity = 0;
    for (const consumer of this.#byName.get(name) ?? []) capacity += consumer.capacity();
    return Math.max(0, capacity - (this.#reserved.get(name) ?? 0));
  }

  /** A statement may claim so many; gives what ends that. */
  reserve(name: string, count: number): () => void {
    this.#reserved.set(name, (this.#reserved.get(name) ?? 0) + count);
    return () => {
      const left = (this.#reserved.get(name) ?? 0) - count;
      if (left > 0) this.#reserved.set(name, left);
      else this.#reserved.delete(name);
    };
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
