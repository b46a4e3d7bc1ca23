import { functionMarginMs } from "../aws-shared/index.ts";
import type { Clock } from "../runtime/clock.ts";
import type { FunctionContext } from "./function.ts";
import type { RunTime } from "./run-delivery.ts";

/** Handlers are aborted this long before Lambda ends the function: to stop, and to record how they ended. */
const stopMs = functionMarginMs / 2;
/** What cannot be waited for is seen to this long before the end. */
const flushBeforeTimeoutMs = functionMarginMs / 5;
/** A lease outlives its function by this: clocks of two machines differ. */
const leaseGraceMs = 1_000;

/** The time that one invocation has. */
export class InvocationTime {
  readonly #clock: Clock;
  /** Milliseconds since 1970. */
  readonly endsAt: number;

  constructor(clock: Clock, context: FunctionContext) {
    this.#clock = clock;
    this.endsAt = clock.now() + context.getRemainingTimeInMillis();
  }

  /** Milliseconds after which nothing of this invocation can run any more: for leases, and for what is left running. */
  get leaseMs(): number {
    return Math.max(0, this.endsAt - this.#clock.now()) + leaseGraceMs;
  }

  /** Milliseconds until what still runs has to be seen to. */
  get untilFlushMs(): number {
    return Math.max(0, this.endsAt - flushBeforeTimeoutMs - this.#clock.now());
  }

  /** For a run that begins with the invocation: it has its own time, or all that the function has. */
  first(timeoutMs: number): RunTime {
    return { timeoutMs: Math.max(1, Math.min(timeoutMs, this.#left())), untilMs: undefined };
  }

  /**
   * For a run that begins after others: undefined where less than half of its own time is left. If the function ends before
   * that time is up, the run is not to blame.
   */
  later(timeoutMs: number): RunTime | undefined {
    const left = this.#left();
    if (left < timeoutMs / 2) return undefined;
    return { timeoutMs, untilMs: left < timeoutMs ? left : undefined };
  }

  #left(): number {
    return this.endsAt - stopMs - this.#clock.now();
  }
}
