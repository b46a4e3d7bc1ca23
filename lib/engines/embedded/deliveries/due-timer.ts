import type { Clock, Timer } from "../../../runtime/clock.ts";
import type { DeliveryTable } from "./delivery-table.ts";

export interface DueTimerDependencies {
  readonly clock: Clock;
  readonly queue: DeliveryTable;
  /** Does one thing in a transaction of its own. */
  transact<Result>(act: () => Result): Promise<Result>;
}

/** Rows made ready in one transaction. */
const rowsAtOnce = 256;
/** A clock that is behind by more than this has been set back. */
const setBackMs = 500;

/** Makes delayed deliveries ready when their time has come, and keeps them from waiting on a clock that was set back. */
export class DueTimer {
  readonly #host: DueTimerDependencies;
  #timer: { at: number; timer: Timer } | undefined;
  #latest: number;
  #stopped = false;

  constructor(host: DueTimerDependencies) {
    this.#host = host;
    this.#latest = host.clock.now();
  }

  /** A row is due at this time. */
  expect(at: number): void {
    if (this.#stopped || (this.#timer !== undefined && this.#timer.at <= at)) return;
    const { clock } = this.#host;
    this.#clear();
    const timer = clock.setTimer(() => this.#fire(), Math.max(0, at - clock.now()));
    this.#timer = { at, timer };
  }

  /** Looks up which row is due next; a little later where that cannot be read now. */
  look(): void {
    let next: number | undefined;
    try {
      next = this.#host.queue.nextDue();
    } catch {
      next = this.#host.clock.now() + setBackMs;
    }
    if (next !== undefined) this.expect(next);
  }

  /** The time now. Where the clock was set back, rows that wait on it are due by the new one. */
  now(): number {
    const now = this.#host.clock.now();
    if (now < this.#latest - setBackMs && !this.#stopped) this.#adjustForClockSkew(now);
    this.#latest = now;
    return now;
  }

  stop(): void {
    this.#stopped = true;
    this.#clear();
  }

  #clear(): void {
    if (this.#timer !== undefined) this.#host.clock.clearTimer(this.#timer.timer);
    this.#timer = undefined;
  }

  #fire(): void {
    this.#timer = undefined;
    const { clock, queue, transact } = this.#host;
    transact(() => queue.readyDue(clock.now(), rowsAtOnce)).then(
      () => this.look(),
      () => this.expect(clock.now() + setBackMs),
    );
  }

  #adjustForClockSkew(now: number): void {
    const { queue, transact } = this.#host;
    transact(() => queue.adjustForClockSkew(now)).then(
      () => {
        this.#clear();
        this.look();
      },
      () => {
        this.#latest = now + 2 * setBackMs;
      },
    );
  }
}
