import type { Clock, Timer } from "../../runtime/clock.ts";

/** Milliseconds between two polls of history: after something came or was published here, and the longest when all is quiet. */
const everyMs = { quick: 200, idle: 2_000 };
/** For so long after it, polls are quick: what is published is recorded within about a second. */
const quickForMs = 5_000;

/**
 * Nothing tells a process what others have published, so it polls: this calls back when that is due, from `start` to `stop`. A
 * poll reads one small page, 0.5 to 1 read unit of a shard: $0.01 to $0.05 a day for one that is idle.
 */
export class PollTimer {
  readonly #clock: Clock;
  readonly #due: () => void;
  #started = false;
  #quickUntil = 0;
  #waitMs = everyMs.quick;
  #timer: Timer;

  constructor(clock: Clock, due: () => void) {
    this.#clock = clock;
    this.#due = due;
  }

  start(): void {
    this.#started = true;
    this.quicken();
  }

  stop(): void {
    this.#started = false;
    this.#cancel();
  }

  /** Something is going on: polls are quick for a while. */
  quicken(): void {
    this.#quickUntil = this.#clock.now() + quickForMs;
    if (!this.#started || (this.#timer !== undefined && this.#waitMs === everyMs.quick)) return;
    this.#cancel();
    this.#waitMs = everyMs.quick;
    this.#next();
  }

  #next(): void {
    this.#timer = this.#clock.setTimer(() => {
      const quick = this.#clock.now() < this.#quickUntil;
      this.#waitMs = quick ? everyMs.quick : Math.min(everyMs.idle, this.#waitMs * 2);
      this.#next();
      this.#due();
    }, this.#waitMs);
  }

  #cancel(): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
