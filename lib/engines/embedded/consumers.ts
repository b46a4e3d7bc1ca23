import type { Attachment, Consumer } from "../../bus/engine.ts";
import type { ClaimedDelivery } from "./claimed-delivery.ts";
import type { Subscription } from "./registry.ts";

/** A consumer with what the running transaction has set aside for it. */
export class Seat {
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
export class Consumers {
  readonly #seats = new Map<string, Seat[]>();
  /** What the running transaction claims; handed over once it is committed. */
  #handed: { seat: Seat; delivery: ClaimedDelivery }[] = [];
  readonly #wake: () => void;

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  get empty(): boolean {
    return this.#seats.size === 0;
  }
  names(): Iterable<string> {
    return this.#seats.keys();
  }

  attach(subscription: string, consumer: Consumer): Attachment {
    const seat = new Seat(consumer);
    this.#seats.set(subscription, [...(this.#seats.get(subscription) ?? []), seat]);
    return {
      wake: this.#wake,
      detach: () => {
        const others = (this.#seats.get(subscription) ?? []).filter((other) => other !== seat);
        if (others.length > 0) this.#seats.set(subscription, others);
        else this.#seats.delete(subscription);
        // Other processes may wait for what it does not take any more.
        this.#wake();
      },
    };
  }

  /** A consumer that can take one more, the least busy first; undefined where none can, or `concurrency` is reached. */
  seat(sub: Subscription): Seat | undefined {
    if (sub.depth.claimed >= sub.record.concurrency) return undefined;
    const seats = this.#seats.get(sub.record.name);
    if (seats === undefined) return undefined;
    let best: Seat | undefined;
    let most = 0;
    for (const seat of seats) {
      const { free } = seat;
      if (free <= most) continue;
      best = seat;
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
    for (const seat of this.#seats.get(sub.record.name) ?? []) free += Math.max(0, seat.free);
    return free;
  }

  hand(seat: Seat, delivery: ClaimedDelivery): void {
    seat.reserved += 1;
    this.#handed.push({ seat, delivery });
  }

  /** Takes what the committed transaction claimed, or what a failed one had set aside. */
  take(): { seat: Seat; delivery: ClaimedDelivery }[] {
    const handed = this.#handed;
    this.#handed = [];
    for (const { seat } of handed) seat.reserved = 0;
    return handed;
  }
}
