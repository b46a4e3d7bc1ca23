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
/** A clock that is off by more milliseconds than this has been set, or the machine has slept. */
const leapMs = 500;

/**
 * Makes delayed deliveries ready when their time has come, and keeps them from waiting on a clock that was set back, or for a
 * timer that has slept with the machine. It polls nothing: one timer stands for the row that is due next.
 */
export class DueTimer {
  readonly #dependencies: DueTimerDependencies;
  #timer: { at: number; timer: Timer } | undefined;
  #latest: number;
  #stopped = false;

  constructor(dependencies: DueTimerDependencies) {
    this.#dependencies = dependencies;
    this.#latest = dependencies.clock.now();
  }

  /** A row is due at this time. */
  expect(at: number): void {
    if (this.#stopped || (this.#timer !== undefined && this.#timer.at <= at)) return;
    const { clock } = this.#dependencies;
    this.#clear();
    const timer = clock.setTimer(() => this.#fire(), Math.max(0, at - clock.now()));
    this.#timer = { at, timer };
  }

  /** Reads which row is due next, and again a little later where that cannot be read now. */
  refresh(): void {
    let next: number | undefined;
    try {
      next = this.#dependencies.queue.nextDue();
    } catch {
      next = this.#dependencies.clock.now() + leapMs;
    }
    if (next !== undefined) this.expect(next);
  }

  /** The time now. Where the clock was set back, or leapt, rows that wait on it are due by the new time. */
  now(): number {
    const now = this.#dependencies.clock.now();
    if (now < this.#latest - leapMs && !this.#stopped) this.#adjustForClockSkew(now);
    this.#latest = now;
    if (this.#timer !== undefined && this.#timer.at < now - leapMs) this.#makeReady();
    return now;
  }

  stop(): void {
    this.#stopped = true;
    this.#clear();
  }

  #clear(): void {
    if (this.#timer !== undefined) this.#dependencies.clock.clearTimer(this.#timer.timer);
    this.#timer = undefined;
  }

  #fire(): void {
    this.#clear();
    // Another process may have made it ready, and a timer may fire within the millisecond before its time.
    if (this.#isDue(this.now())) this.#makeReady();
    else this.refresh();
  }

  #isDue(now: number): boolean {
    try {
      const next = this.#dependencies.queue.nextDue();
      return next !== undefined && next <= now;
    } catch {
      // A transaction waits for the lock.
      return true;
    }
  }

  #makeReady(): void {
    this.#clear();
    const { clock, queue, transact } = this.#dependencies;
    transact(() => queue.readyDue(clock.now(), rowsAtOnce)).then(
      () => this.refresh(),
      () => this.expect(clock.now() + leapMs),
    );
  }

  #adjustForClockSkew(now: number): void {
    const { queue, transact } = this.#dependencies;
    transact(() => queue.adjustForClockSkew(now)).then(
      () => {
        this.#clear();
        this.refresh();
      },
      () => {
        this.#latest = now + 2 * leapMs;
      },
    );
  }
}
