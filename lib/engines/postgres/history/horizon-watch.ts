/** Milliseconds until it is looked again, doubled up to the last. */
const againMs = { from: 5, to: 250 };

export interface HorizonWatchDependencies {
  /** Whether somebody waits for what comes. */
  watched(): boolean;
  /** Has those who wait look again. */
  again(): void;
}

/**
 * Has readers look again where the log could not be read to its end: the transaction that held them back may end without a
 * word, as one that is rolled back does.
 */
export class HorizonWatch {
  readonly #dependencies: HorizonWatchDependencies;
  #timer: NodeJS.Timeout | undefined;
  #horizon = 0;
  #rounds = 0;
  #stopped = false;

  constructor(dependencies: HorizonWatchDependencies) {
    this.#dependencies = dependencies;
  }

  looked(horizon: number, last: number): void {
    if (horizon !== this.#horizon) this.#rounds = 0;
    this.#horizon = horizon;
    if (horizon >= last || this.#timer !== undefined || this.#stopped || !this.#dependencies.watched()) return;
    const ms = Math.min(againMs.to, againMs.from * 2 ** Math.min(this.#rounds, 10));
    this.#rounds += 1;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#dependencies.again();
    }, ms).unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
