import type { Engine } from "../engine/engine.ts";
import { type Clock, longestTimerMs } from "../runtime/clock.ts";

/** What may end a wait before its change comes. */
export interface WaitLimits {
  readonly clock: Clock;
  /** Milliseconds since 1970; never where absent. */
  readonly deadline?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether the process goes on while this waits without a deadline, as one that tails a bus has to. */
  readonly keepAlive?: boolean;
}

/**
 * Notices that something was accepted or settled. A change between a look and the wait is not missed: `next` then
 * resolves at once.
 */
export class Changes {
  readonly #stop: () => void;
  #changed = false;
  #resolve: (() => void) | undefined;

  constructor(engine: Pick<Engine, "onChange">) {
    this.#stop = engine.onChange(() => this.wake());
  }

  /** As if something had changed. */
  wake(): void {
    this.#changed = true;
    this.#resolve?.();
  }

  /** Resolves to true at a change, to false when the deadline passes or the signal fires. */
  async next(limits: WaitLimits): Promise<boolean> {
    const { clock, deadline, signal, keepAlive = deadline !== undefined } = limits;
    if (!this.#changed && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clock.clearTimer(timer);
          signal?.removeEventListener("abort", done);
          this.#resolve = undefined;
          resolve();
        };
        const ms = deadline === undefined ? longestTimerMs : Math.max(0, deadline - clock.now());
        const timer = deadline === undefined && !keepAlive ? undefined : clock.setTimer(done, ms, { keepAlive });
        signal?.addEventListener("abort", done, { once: true });
        this.#resolve = done;
      });
    }
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  stop(): void {
    this.#stop();
  }
}
