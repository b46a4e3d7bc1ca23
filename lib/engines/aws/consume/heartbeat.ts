import type { Clock, Timer } from "../../../runtime/clock.ts";

/** Tells at regular times, while there is something to tell it for, that what is held must be held for longer. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #beat: () => void;
  #timer: Timer;
  #beating = false;

  constructor(clock: Clock, everyMs: number, beat: () => void) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#beat = beat;
  }

  start(): void {
    if (this.#beating) return;
    this.#beating = true;
    this.#next();
  }

  stop(): void {
    this.#beating = false;
    this.#clock.clearTimer(this.#timer);
  }

  #next(): void {
    this.#timer = this.#clock.setTimer(() => {
      this.#beat();
      if (this.#beating) this.#next();
    }, this.#everyMs);
  }
}
