/** What a timer gives back; only its clock knows what is in it. */
export type Timer = unknown;

/** Where a bus gets the time and its timers from, so that a test can hold both. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `run` once after `ms` milliseconds. Keeps the process alive only where `keepAlive` says so. */
  setTimer(run: () => void, ms: number, options?: { keepAlive?: boolean }): Timer;
  clearTimer(timer: Timer): void;
}

/** Milliseconds of the longest delay that Node's timers keep; above it they fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** The machine's own time. */
export const systemClock: Clock = {
  now: Date.now,
  setTimer: (run, ms, options) => {
    const timer = setTimeout(run, Math.min(ms, longestTimerMs));
    return options?.keepAlive === true ? timer : timer.unref();
  },
  clearTimer: (timer) => {
    if (timer instanceof Object) clearTimeout(timer as NodeJS.Timeout);
  },
};
