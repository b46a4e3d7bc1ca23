import type { Clock } from "../../runtime/clock.ts";
import type { DeliveryItem } from "./delivery-item.ts";

/** The deliveries of a queue that are not due yet, each with its timer. */
export class DelayedItems {
  readonly #clock: Clock;
  readonly #due: (item: DeliveryItem) => void;
  readonly #items = new Set<DeliveryItem>();

  /** Calls `due` with each at its time; it is none of these any more then. */
  constructor(clock: Clock, due: (item: DeliveryItem) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  get size(): number {
    return this.#items.size;
  }

  /** Has a delivery wait until a time, in milliseconds since 1970. */
  add(item: DeliveryItem, dueAt: number): void {
    const clock = this.#clock;
    item.state = "delayed";
    item.dueAt = dueAt;
    this.#items.add(item);
    const due = () => {
      // A timer may fire within the millisecond before its time; a clock that was set back must not hold the delivery up.
      const earlyMs = item.dueAt - clock.now();
      if (earlyMs > 0 && earlyMs <= 2) {
        item.timer = clock.setTimer(due, earlyMs, { keepAlive: true });
        return;
      }
      this.#items.delete(item);
      this.#due(item);
    };
    // The next attempt is lost if the process ends before it.
    item.timer = clock.setTimer(due, Math.max(0, dueAt - clock.now()), { keepAlive: true });
  }

  /** Forgets all, with their timers. */
  clear(): void {
    for (const item of this.#items) this.#clock.clearTimer(item.timer);
    this.#items.clear();
  }

  [Symbol.iterator](): Iterator<DeliveryItem> {
    return this.#items.values();
  }
}
