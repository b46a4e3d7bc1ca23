import type { Consumer } from "../../../engine/delivery-queue.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { Subscription } from "../subscriptions/subscription-cache.ts";
import type { ClaimedDelivery } from "./claimed-delivery.ts";

/** A consumer with what the running transaction has reserved for it. */
export class ConsumerSlot {
  readonly consumer: Consumer;
  reserved = 0;

  constructor(consumer: Consumer) {
    this.consumer = consumer;
  }

  get free(): number {
    return this.consumer.capacity() - this.reserved;
  }
}

/** The consumers of this process, by subscription, and what is handed over to them. */
export class ConsumerSlots {
  readonly #slots = new Map<string, ConsumerSlot[]>();
  readonly #onError: (error: BusError) => void;
  /** What the running transaction claims; handed over once it is committed. */
  #claimed: { slot: ConsumerSlot; delivery: ClaimedDelivery }[] = [];
  #outstanding = 0;

  constructor(onError: (error: BusError) => void) {
    this.#onError = onError;
  }

  get empty(): boolean {
    return this.#slots.size === 0;
  }

  /** Deliveries of this process whose end is not recorded yet. */
  get outstanding(): number {
    return this.#outstanding;
  }

  names(): Iterable<string> {
    return this.#slots.keys();
  }

  /** Whether this process handles a subscription. */
  has(subscription: string): boolean {
    return this.#slots.has(subscription);
  }

  add(subscription: string, consumer: Consumer): ConsumerSlot {
    const slot = new ConsumerSlot(consumer);
    this.#slots.set(subscription, [...(this.#slots.get(subscription) ?? []), slot]);
    return slot;
  }

  remove(subscription: string, slot: ConsumerSlot): void {
    const others = (this.#slots.get(subscription) ?? []).filter((other) => other !== slot);
    if (others.length > 0) this.#slots.set(subscription, others);
    else this.#slots.delete(subscription);
  }

  /** A consumer that can take one more, the least busy first; undefined where none can, or `concurrency` is reached. */
  free(sub: Subscription): ConsumerSlot | undefined {
    if (sub.paused || sub.depth.claimed >= sub.record.concurrency) return undefined;
    const slots = this.#slots.get(sub.record.name);
    if (slots === undefined) return undefined;
    let best: ConsumerSlot | undefined;
    let most = 0;
    for (const slot of slots) {
      const { free } = slot;
      if (free <= most) continue;
      best = slot;
      most = free;
    }
    return best;
  }

  /** How many of a subscription's deliveries the consumers of this process can take now. */
  room(sub: Subscription): number {
    const allowed = sub.record.concurrency - sub.depth.claimed;
    if (allowed <= 0) return 0;
    return Math.min(allowed, this.capacity(sub));
  }

  /** The same without regard to `concurrency`. */
  capacity(sub: Subscription): number {
    let capacity = 0;
    if (sub.paused) return 0;
    for (const slot of this.#slots.get(sub.record.name) ?? []) capacity += Math.max(0, slot.free);
    return capacity;
  }

  /** Within a transaction: the delivery goes to the consumer once that is committed. */
  reserve(slot: ConsumerSlot, delivery: ClaimedDelivery): void {
    slot.reserved += 1;
    this.#claimed.push({ slot, delivery });
  }

  /** After the commit: what the transaction claimed goes to the consumers. */
  dispatchClaimed(): void {
    const claimed = this.#release();
    this.#outstanding += claimed.length;
    for (const { slot, delivery } of claimed) delivery.consumer = slot.consumer;
    for (const { slot, delivery } of claimed) {
      try {
        slot.consumer.deliver(delivery);
      } catch (thrown) {
        // It promised not to; its delivery stays claimed, and those of the others go on.
        this.#onError(toBusError(thrown));
      }
    }
  }

  /** After a rollback: nothing was claimed. */
  rolledBack(): void {
    this.#release();
  }

  /** So many deliveries are recorded as ended. */
  settled(count: number): void {
    this.#outstanding -= count;
  }

  #release(): { slot: ConsumerSlot; delivery: ClaimedDelivery }[] {
    const claimed = this.#claimed;
    this.#claimed = [];
    for (const { slot } of claimed) slot.reserved = 0;
    return claimed;
  }
}
