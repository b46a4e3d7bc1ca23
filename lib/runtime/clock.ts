/** The handle of a timer; opaque except to its clock. */
export type Timer = unknown;

/** The source of a bus's time and timers, so that a test can control both. */
export interface Clock {
  /** Returns the time in milliseconds since 1970. */
  now(): number;
  /** Calls `run` once after `ms` milliseconds. The timer keeps the process alive only if `keepAlive` is true. */
  setTimer(run: () => void, ms: number, options?: { keepAlive?: boolean }): Timer;
  /** Cancels a timer. A timer that has run, or any other value, is ignored. */
  clearTimer(timer: Timer): void;
}

/** The longest delay of Node's timers in milliseconds; a longer one fires at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** The clock of the operating system. */
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
