import type { Consumer } from "../../../engine/delivery-queue.ts";
import type { Attachment } from "../../../engine/engine.ts";
import type { Subscription } from "../subscriptions/subscription-cache.ts";
import type { ClaimedDelivery } from "./claimed-delivery.ts";

/** A consumer with what the running transaction has set aside for it. */
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

/** The consumers of this process, by subscription. */
export class ConsumerSlots {
  readonly #slots = new Map<string, ConsumerSlot[]>();
  /** What the running transaction claims; handed over once it is committed. */
  #handed: { slot: ConsumerSlot; delivery: ClaimedDelivery }[] = [];
  readonly #wake: () => void;

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  get empty(): boolean {
    return this.#slots.size === 0;
  }
  names(): Iterable<string> {
    return this.#slots.keys();
  }

  attach(subscription: string, consumer: Consumer): Attachment {
    const slot = new ConsumerSlot(consumer);
    this.#slots.set(subscription, [...(this.#slots.get(subscription) ?? []), slot]);
    return {
      wake: this.#wake,
      detach: () => {
        const others = (this.#slots.get(subscription) ?? []).filter((other) => other !== slot);
        if (others.length > 0) this.#slots.set(subscription, others);
        else this.#slots.delete(subscription);
        // Other processes may wait for what it does not take any more.
        this.#wake();
      },
    };
  }

  /** A consumer that can take one more, the least busy first; undefined where none can, or `concurrency` is reached. */
  slot(sub: Subscription): ConsumerSlot | undefined {
    if (sub.depth.claimed >= sub.record.concurrency) return undefined;
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
    return Math.min(allowed, this.free(sub));
  }

  /** The same without regard to `concurrency`. */
  free(sub: Subscription): number {
    let free = 0;
    for (const slot of this.#slots.get(sub.record.name) ?? []) free += Math.max(0, slot.free);
    return free;
  }

  hand(slot: ConsumerSlot, delivery: ClaimedDelivery): void {
    slot.reserved += 1;
    this.#handed.push({ slot, delivery });
  }

  /** Takes what the committed transaction claimed, or what a failed one had set aside. */
  take(): { slot: ConsumerSlot; delivery: ClaimedDelivery }[] {
    const handed = this.#handed;
    this.#handed = [];
    for (const { slot } of handed) slot.reserved = 0;
    return handed;
  }
}
