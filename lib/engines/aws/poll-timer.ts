import type { Clock, Timer } from "../../runtime/clock.ts";

/** Milliseconds between two looks at history: after something came or was published here, and the longest when all is quiet. */
const everyMs = { quick: 200, idle: 2_000 };
/** For so long after it, looks are quick: what is published is recorded within about a second. */
const quickForMs = 5_000;

/**
 * Nothing tells a process what others have published, so it looks: this calls back at the times to do so, while anybody
 * listens. A look reads one small page, 0.5 to 1 read unit of a shard: $0.01 to $0.05 a day for one that is idle.
 */
export class PollTimer {
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #quickUntil = 0;
  #waitMs = everyMs.quick;
  #timer: Timer;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.quicken();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  /** Something is going on: looks are quick for a while. */
  quicken(): void {
    this.#quickUntil = this.#clock.now() + quickForMs;
    if (this.#listeners.size === 0 || (this.#timer !== undefined && this.#waitMs === everyMs.quick)) return;
    this.#stop();
    this.#waitMs = everyMs.quick;
    this.#next();
  }

  close(): void {
    this.#listeners.clear();
    this.#stop();
  }

  #next(): void {
    this.#timer = this.#clock.setTimer(() => {
      const quick = this.#clock.now() < this.#quickUntil;
      this.#waitMs = quick ? everyMs.quick : Math.min(everyMs.idle, this.#waitMs * 2);
      this.#next();
      for (const listener of this.#listeners) listener();
    }, this.#waitMs);
  }

  #stop(): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
