import type { Engine, Unwatch } from "../engine/engine.ts";
import { type Clock, longestTimerMs } from "../runtime/clock.ts";

/** What may end a wait before its change comes. */
export interface WaitLimits {
  /** Milliseconds since 1970; never where absent. */
  readonly deadline?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether the process goes on while this waits without a deadline, as one that tails a bus has to. */
  readonly keepAlive?: boolean | undefined;
}

/**
 * Waits for changes of an engine, for all of a bus that wait for one. The engine is watched only while somebody uses it.
 * Changes are numbered, so that one between a look and the wait is not missed: the wait then resolves at once.
 */
export class ChangeWatch {
  readonly #engine: Pick<Engine, "watch">;
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #users = 0;
  #unwatch: Unwatch | undefined;
  #seen = 0;

  constructor(engine: Pick<Engine, "watch">, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** How many changes there were so far: what to pass to `after`. */
  get seen(): number {
    return this.#seen;
  }

  /** Has the engine watched until the returned function is called. */
  use(): Unwatch {
    this.#users += 1;
    this.#unwatch ??= this.#engine.watch(() => this.#changed());
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#users -= 1;
      if (this.#users > 0) return;
      this.#unwatch?.();
      this.#unwatch = undefined;
    };
  }

  /** Resolves to true at a change after those seen, to false when the deadline passes or the signal fires. */
  async after(seen: number, { deadline, signal, keepAlive = deadline !== undefined }: WaitLimits): Promise<boolean> {
    if (this.#seen === seen && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const end = () => {
          this.#clock.clearTimer(timer);
          signal?.removeEventListener("abort", end);
          this.#waiting.delete(end);
          resolve();
        };
        const ms = deadline === undefined ? longestTimerMs : Math.max(0, deadline - this.#clock.now());
        const timer = deadline === undefined && !keepAlive ? undefined : this.#clock.setTimer(end, ms, { keepAlive });
        signal?.addEventListener("abort", end, { once: true });
        this.#waiting.add(end);
      });
    }
    return this.#seen !== seen;
  }

  #changed(): void {
    this.#seen += 1;
    for (const end of [...this.#waiting]) end();
  }
}
