/** A bucket that fills at a rate up to its size; a publish takes one token, and may take it on credit. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #size: number;
  #tokens: number;
  #filledAt: number;

  constructor(perMs: number, size: number, now: number) {
    this.#perMs = perMs;
    this.#size = size;
    this.#tokens = size;
    this.#filledAt = now;
  }

  /** Milliseconds until there is a token; 0 where there is one now. */
  waitMs(now: number): number {
    // A clock that goes back must not empty the bucket.
    this.#tokens = Math.min(this.#size, this.#tokens + Math.max(0, now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs);
  }

  take(): void {
    this.#tokens -= 1;
  }
}
