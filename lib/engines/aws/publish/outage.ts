import type { BusError } from "../../../error/bus-error.ts";

/** A time in which nothing gets through, though it is tried. */
export class Outage {
  #since: number | undefined;
  #error: BusError | undefined;

  /** No entry of a request got through; `now` in milliseconds since 1970. */
  goesOn(error: BusError, now: number): void {
    this.#since ??= now;
    this.#error = error;
  }

  /** Something got through. */
  end(): void {
    this.#since = undefined;
  }

  /** The last error, where what came at `since` has seen nothing get through for at least so many milliseconds. */
  errorAfter(ms: number, since: number, now: number): BusError | undefined {
    return this.#since !== undefined && now - Math.max(this.#since, since) >= ms ? this.#error : undefined;
  }
}
