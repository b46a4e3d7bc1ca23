import type { Clock, Timer } from "../../runtime/clock.ts";

/** Milliseconds between two polls of history: after something was published here, or came, and the longest when all is quiet. */
const everyMs = { quick: 200, busy: 400, idle: 1_000 };
/** For so long after it: what is published is recorded within about a second. */
const forMs = 5_000;

/**
 * Nothing tells a process what others have published, so it polls: this calls back when that is due, from `start` to `stop`. A
 * poll of an idle bus takes 2 read units: $0.02 a day.
 */
export class PollTimer {
  readonly #clock: Clock;
  readonly #due: () => void;
  #started = false;
  #quickUntil = 0;
  #busyUntil = 0;
  #waitMs = everyMs.quick;
  #timer: Timer;

  constructor(clock: Clock, due: () => void) {
    this.#clock = clock;
    this.#due = due;
  }

  start(): void {
    this.#started = true;
    this.somethingCame();
    if (this.#clock.now() < this.#quickUntil) this.#within(everyMs.quick);
  }

  stop(): void {
    this.#started = false;
    this.#cancel();
  }

  /** Something was published here: polls are quick for a while. */
  quicken(): void {
    this.#quickUntil = this.#clock.now() + forMs;
    this.#within(everyMs.quick);
  }

  /** Something came: more is to come. */
  somethingCame(): void {
    this.#busyUntil = this.#clock.now() + forMs;
    this.#within(everyMs.busy);
  }

  /** Polls after that time at the latest. */
  #within(ms: number): void {
    if (!this.#started || (this.#timer !== undefined && this.#waitMs <= ms)) return;
    this.#cancel();
    this.#waitMs = ms;
    this.#next();
  }

  #next(): void {
    this.#timer = this.#clock.setTimer(() => {
      this.#waitMs = this.#pauseMs();
      this.#next();
      this.#due();
    }, this.#waitMs);
  }

  #pauseMs(): number {
    const now = this.#clock.now();
    if (now < this.#quickUntil) return everyMs.quick;
    return now < this.#busyUntil ? everyMs.busy : Math.min(everyMs.idle, this.#waitMs * 2);
  }

  #cancel(): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
