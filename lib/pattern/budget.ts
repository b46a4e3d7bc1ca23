/**
 * How many steps one pattern may take over one event. A step is about a comparison: ten million take some 50 ms. Ordinary
 * events take a few hundred; what needs more is an event made to be expensive.
 */
export const stepLimit = 10_000_000;

/**
 * Counts the steps of matching. A pattern that has no steps left does not match: what was made to be expensive is refused
 * rather than waited for.
 */
export class Budget {
  #left = stepLimit;
  #spent = 0;

  /** Whether the pattern at hand has used all its steps. */
  get exhausted(): boolean {
    return this.#left < 0;
  }

  /** All steps ever taken, for tests that count work instead of time. */
  get spent(): number {
    return this.#spent;
  }

  spend(steps: number): void {
    this.#left -= steps;
    this.#spent += steps;
  }

  /** Gives all steps to the next pattern. */
  renew(): void {
    this.#left = stepLimit;
  }
}
