import { type Duration, parseDuration } from "../event/duration.ts";
import type { Clock, Timer } from "../runtime/clock.ts";

interface PendingTimer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still until a test advances it. */
export class ManualClock implements Clock {
  #now: number;
  #timers = new Map<number, PendingTimer>();
  #order = 0;

  /** `start` is in milliseconds since 1970; default 2026-01-01T00:00:00Z. */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now = (): number => this.#now;

  setTimer = (run: () => void, ms: number): Timer => {
    this.#order += 1;
    this.#timers.set(this.#order, { at: this.#now + Math.max(0, ms), order: this.#order, run });
    return this.#order;
  };

  clearTimer = (timer: Timer): void => {
    if (typeof timer === "number") this.#timers.delete(timer);
  };

  /** When the next timer is due, in milliseconds since 1970; `undefined` if none is set. */
  get nextDue(): number | undefined {
    return this.#next()?.at;
  }

  /** Advances the time and runs the timers that fall due, in order. Promises settle between one timer and the next. */
  async advance(by: Duration): Promise<void> {
    const until = this.#now + parseDuration(by, "advance");
    await turn();
    for (let timer = this.#next(); timer !== undefined && timer.at <= until; timer = this.#next()) {
      this.#timers.delete(timer.order);
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
      await turn();
    }
    this.#now = until;
  }

  /** Sets the time, forwards or backwards, without running any timer. */
  set(time: number | string | Date): void {
    this.#now = new Date(time).getTime();
  }

  #next(): PendingTimer | undefined {
    let next: PendingTimer | undefined;
    for (const timer of this.#timers.values()) {
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    return next;
  }
}

/** Waits for one turn of the event loop, in which promises and the engine make progress. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
