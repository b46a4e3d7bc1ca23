import { LatestTimes } from "./latest-times.ts";

/** Reservations that are kept; one above it comes back as if for the first time. */
const keptReservations = 100_000;

/**
 * Lets at most `limit` deliveries begin within any span of `per` milliseconds. One that has to wait gets a slot of its own, in the
 * order in which they came, so that it has to wait once: nobody who comes later takes it. A slot whose owner does not come
 * back is lost.
 */
export class StartWindow {
  readonly #limit: number;
  readonly #per: number;
  /** When deliveries have begun: what the promise is about. */
  readonly #started: LatestTimes;
  /** The slots that were given away, also in the future: where the next one is. */
  readonly #assigned: LatestTimes;
  /** Reserved slots by the delivery that waits, the earliest first. */
  readonly #reserved = new Map<string, number>();

  constructor(limit: number, per: number) {
    this.#limit = limit;
    this.#per = per;
    this.#started = new LatestTimes(limit);
    this.#assigned = new LatestTimes(limit);
  }

  /** Milliseconds that a delivery has to wait; 0 where it may begin now, and is counted as begun. */
  take(delivery: string, now: number): number {
    this.#forget(now);
    const own = this.#reserved.get(delivery);
    if (own !== undefined && own > now) return own - now;
    if (own !== undefined) {
      this.#reserved.delete(delivery);
      if (this.#freeAt(this.#started, now) <= now) {
        this.#started.push(now);
        return 0;
      }
    }
    const slot = Math.max(this.#freeAt(this.#assigned, now), this.#freeAt(this.#started, now));
    this.#assigned.push(slot);
    if (slot <= now) {
      this.#started.push(now);
      return 0;
    }
    if (this.#reserved.size < keptReservations) this.#reserved.set(delivery, slot);
    return slot - now;
  }

  /** How many could begin now without a wait. */
  free(now: number): number {
    this.#forget(now);
    return Math.max(0, this.#limit - this.#started.countAfter(now - this.#per) - this.#reserved.size);
  }

  /** When there may be a free one again, where there is none now. */
  nextFreeAt(now: number): number {
    const [reserved] = this.#reserved.values();
    const first = this.#started.firstAfter(now - this.#per) ?? reserved ?? now;
    return Math.max(first + this.#per, now + 1);
  }

  /** Whether nothing of the past counts any more. */
  idle(now: number): boolean {
    this.#forget(now);
    return this.#reserved.size === 0 && (this.#assigned.last ?? 0) + this.#per <= now && this.free(now) === this.#limit;
  }

  #freeAt(times: LatestTimes, now: number): number {
    const { first } = times;
    return first === undefined ? now : Math.max(now, first + this.#per);
  }

  /** Forgets slots whose owner did not come; and all, where the clock was set back: nobody must wait for what it said. */
  #forget(now: number): void {
    if ((this.#started.last ?? now) > now) {
      this.#started.clear();
      this.#assigned.clear();
      this.#reserved.clear();
    }
    for (const [delivery, slot] of this.#reserved) {
      if (slot + this.#per > now) return;
      this.#reserved.delete(delivery);
    }
  }
}
