import type { Clock } from "../runtime/clock.ts";

/** Times the length of a look: so much rest follows it. */
const restPerLook = 3;

/** Paces looks at something that changes all the time, so that looking takes a quarter of the time at most. */
export class LookPace {
  readonly #clock: Clock;
  #restUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Looks, and takes the time. */
  async look<Result>(look: () => Result | Promise<Result>): Promise<Result> {
    const from = this.#clock.now();
    const result = await look();
    const now = this.#clock.now();
    this.#restUntil = now + restPerLook * Math.max(0, now - from);
    return result;
  }

  /** Resolves when the next look is due, at the deadline, or when the signal fires. */
  async rest({ deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal }): Promise<void> {
    const clock = this.#clock;
    const ms = Math.min(this.#restUntil, deadline) - clock.now();
    if (ms <= 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clock.clearTimer(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = clock.setTimer(end, ms, { keepAlive: true });
      signal.addEventListener("abort", end, { once: true });
    });
  }
}
