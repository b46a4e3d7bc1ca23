import type { BusError } from "../error/bus-error.ts";

/** Milliseconds until what could not be written is tried again; doubled up to the last. */
const retryMs = { from: 50, to: 1_000 };

/** When something that cannot be written is tried again. One error is reported for each series of failures. */
export class Retry {
  readonly #onError: (error: BusError) => void;
  readonly #again: () => void;
  #error: BusError | undefined;
  #rounds = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** `again` is called when it is to be tried again. */
  constructor(onError: (error: BusError) => void, again: () => void) {
    this.#onError = onError;
    this.#again = again;
  }

  /** Whether a failure is waited out. */
  get waiting(): boolean {
    return this.#timer !== undefined;
  }

  /** Why it failed last; undefined once it has succeeded. */
  get error(): BusError | undefined {
    return this.#error;
  }

  failed(error: BusError): void {
    const known = this.#error?.message === error.message;
    this.#error = error;
    if (this.#timer === undefined && !this.#stopped) {
      const ms = Math.min(retryMs.to, retryMs.from * 2 ** Math.min(this.#rounds, 10));
      this.#rounds += 1;
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#again();
      }, ms).unref();
    }
    if (!known) this.#onError(error);
  }

  succeeded(): void {
    this.#error = undefined;
    this.#rounds = 0;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
