import type { Clock } from "../../../runtime/clock.ts";

/** Milliseconds for which nothing is sent when even one request at a time is too much; doubled up to the last. */
const pauseMs = { from: 50, to: 5_000 };

/**
 * How many requests may be under way. Each throttle takes a quarter off, each window of successes adds one: additive
 * increase, multiplicative decrease (Chiu and Jain, 1989), so that senders that know nothing of each other share a quota
 * fairly. Where one at a time is still too much, there are pauses between them.
 */
export class SendWindow {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #most: number;
  #limit: number;
  #epoch = 0;
  #throttledAlone = 0;
  #until = 0;

  constructor(most: number, { clock, random }: { clock: Clock; random: () => number }) {
    this.#most = most;
    this.#limit = most;
    this.#clock = clock;
    this.#random = random;
  }

  /** Requests that may be under way at once. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Milliseconds until the next request may begin. */
  get pause(): number {
    return Math.max(0, this.#until - this.#clock.now());
  }

  /** Marks a request that begins; give it back with how it ended. */
  begin(): number {
    return this.#epoch;
  }

  succeeded(): void {
    this.#throttledAlone = 0;
    this.#limit = Math.min(this.#most, this.#limit + 1 / this.#limit);
  }

  /** What was under way when the window shrank says nothing about the smaller one. */
  throttled(begun: number): void {
    if (begun !== this.#epoch) return;
    this.#epoch += 1;
    if (this.limit === 1) {
      const ceiling = Math.min(pauseMs.to, pauseMs.from * 2 ** Math.min(this.#throttledAlone, 20));
      this.#until = this.#clock.now() + ceiling / 2 + (this.#random() * ceiling) / 2;
      this.#throttledAlone += 1;
    }
    this.#limit = Math.max(1, this.#limit * 0.75);
  }
}
