import { BusError } from "../error/bus-error.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Collector } from "./collector.ts";
import { describeMatcher, describeMatchers, type ParsedMatchers } from "./parse-matchers.ts";
import { WaitEnd } from "./wait-end.ts";

/** What ends a `waitFor` without a result: its time, its signal, its attempt, or the closing of the bus. */
export class WaitLimit {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #end: WaitEnd;
  readonly #controller = new AbortController();
  #timer: unknown;
  #late = false;
  #caughtUp = false;

  constructor(
    { clock, closing }: { readonly clock: Clock; readonly closing: AbortSignal },
    timeoutMs: number,
    given: AbortSignal | undefined,
  ) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#end = new WaitEnd("waitFor", given, closing);
    for (const signal of this.#end.signals) {
      if (signal.aborted) this.#abort();
      else signal.addEventListener("abort", this.#abort, { once: true });
    }
    // No time at all needs no timer: what is there is looked at, also by a clock that stands still.
    if (timeoutMs === 0) this.#late = true;
    else this.#timer = clock.setTimer(() => this.#expire(), timeoutMs, { keepAlive: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What was there when the wait began has been looked at: from now on its time counts. */
  caughtUp(): void {
    this.#caughtUp = true;
    if (this.#late) this.#abort();
  }

  end(): void {
    this.#clock.clearTimer(this.#timer);
    for (const signal of this.#end.signals) signal.removeEventListener("abort", this.#abort);
  }

  /** The error that says why there is no result, and what there is of it: in `details`, so that it is not lost. */
  reason(matchers: ParsedMatchers, { found, wanted, missing }: Collector): BusError {
    const events = found();
    const lacking = missing().map(describeMatcher);
    const timeoutMs = this.#timeoutMs;
    const details = {
      timeoutMs,
      found: events.length,
      wanted,
      events,
      ...(lacking.length === 0 ? {} : { missing: lacking }),
    };
    const ended = this.#end.reason(details);
    if (ended !== undefined) return ended;
    const fix = "give a longer `timeout`, or `since` to look back";
    const what = describeMatchers(matchers);
    return new BusError(
      "timeout",
      events.length === 0
        ? `no event matched ${what} within ${timeoutMs} ms; ${fix}`
        : `${events.length} of ${wanted} events came within ${timeoutMs} ms for ${what}${lacking.length === 0 ? "" : `, none for ${lacking.join(", ")}`}; ${fix}`,
      { details },
    );
  }

  #expire(): void {
    this.#late = true;
    if (this.#caughtUp) this.#abort();
  }

  readonly #abort = (): void => this.#controller.abort();
}
