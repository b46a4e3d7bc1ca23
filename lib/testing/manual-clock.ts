import { type Duration, parseDuration } from "../event/duration.ts";
import type { Clock, Timer } from "../runtime/clock.ts";

interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number;
  #timers = new Map<number, Due>();
  #order = 0;

  /** `start` in milliseconds since 1970; default 2026-01-01T00:00:00Z. */
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

  /** Milliseconds since 1970 at which the next timer is due; undefined where none is set. */
  get nextDue(): number | undefined {
    return this.#next()?.at;
  }

  /** Moves on, running what falls due in its order; what that sets in motion gets its turn before the next. */
  async advance(by: Duration): Promise<void> {
    const until = this.#now + parseDuration(by, "advance");
    await turn();
    for (let due = this.#next(); due !== undefined && due.at <= until; due = this.#next()) {
      this.#timers.delete(due.order);
      this.#now = Math.max(this.#now, due.at);
      due.run();
      await turn();
    }
    this.#now = until;
  }

  /** Sets the time, also back, without running anything. */
  set(time: number | string | Date): void {
    this.#now = new Date(time).getTime();
  }

  #next(): Due | undefined {
    let next: Due | undefined;
    for (const due of this.#timers.values()) {
      if (next === undefined || due.at < next.at || (due.at === next.at && due.order < next.order)) next = due;
    }
    return next;
  }
}

/** Lets promises and the engine's own turns go on. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
