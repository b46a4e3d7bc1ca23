import type { EventLog } from "../engine/event-log.ts";
import { BusError } from "../error/bus-error.ts";
import type { Catalog } from "../event/catalog.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import type { Event } from "../event/event.ts";
import { checkCallOptions } from "../runtime/call-options.ts";
import type { Clock } from "../runtime/clock.ts";
import { collector, describeMatchers } from "./collector.ts";
import type { EventMatchers } from "./event-matcher.ts";
import type { LogReader } from "./log-reader.ts";
import { positionSince } from "./tail.ts";

/** How far {@link Bus.waitFor} looks back, and how long it waits. */
export interface WaitOptions {
  /** Looks back: events accepted after this event, or at or after this time. Default: from now on. */
  since?: Event | string | Date;
  /** Default 30 s. `0` looks back only. */
  timeout?: Duration;
  /** Ends the wait as `aborted`. */
  signal?: AbortSignal;
}

export interface WaitDependencies {
  readonly log: EventLog;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly reader: LogReader;
  /** Fires when the bus closes. */
  readonly closing: AbortSignal;
}

/**
 * See {@link Bus.waitFor}. Reads the log from `since` on, or from its end as of this call. The timeout runs from the call, and
 * does not cut off what was there by then: `timeout: 0` looks back only.
 */
export async function waitFor(
  dependencies: WaitDependencies,
  wants: EventMatchers,
  options: WaitOptions = {},
): Promise<Event | Event[]> {
  const { log, catalog, reader } = dependencies;
  checkCallOptions("waitFor", options, ["since", "timeout", "signal"]);
  const collect = collector(catalog, wants);
  const timeoutMs = parseDuration(options.timeout ?? "30s", "waitFor: timeout");
  const limit = new WaitLimit(dependencies, timeoutMs, options.signal);
  try {
    const { since } = options;
    // Before the end is read: an invalid `since` throws, and nothing would await the read.
    const sincePosition = since === undefined ? undefined : positionSince(log, since);
    const end = log.position("end");
    // What lies after a `since` counts, known or not.
    const isKnown = since === undefined ? log.recentlySeen?.() : undefined;
    const from = sincePosition ?? end;
    const [endAtCall] = await Promise.all([end, from]);
    for await (const { events, position, atEnd } of reader.after(from, { signal: limit.signal })) {
      for (const { event } of events) {
        const found = isKnown?.(event) === true ? undefined : collect(event);
        if (found !== undefined) return found;
      }
      if (atEnd || position >= endAtCall) limit.caughtUp();
    }
    throw limit.reason(wants);
  } finally {
    limit.end();
  }
}

/** What ends a wait without a result: its time, its signal, or the closing of the bus. */
class WaitLimit {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #given: AbortSignal | undefined;
  readonly #closing: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timer: unknown;
  #late = false;
  #caughtUp = false;

  constructor({ clock, closing }: WaitDependencies, timeoutMs: number, given: AbortSignal | undefined) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#given = given;
    this.#closing = closing;
    for (const signal of this.#signals) {
      if (signal.aborted) this.#abort();
      else signal.addEventListener("abort", this.#abort, { once: true });
    }
    this.#timer = clock.setTimer(() => this.#expire(), timeoutMs, { keepAlive: true });
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
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#abort);
  }

  reason(wants: EventMatchers): BusError {
    if (this.#given?.aborted === true) {
      return new BusError("aborted", "waitFor was aborted by its signal", { cause: this.#given.reason });
    }
    if (this.#closing.aborted) return new BusError("closed", "the bus was closed while waitFor waited");
    const timeoutMs = this.#timeoutMs;
    return new BusError(
      "timeout",
      `no event matched ${describeMatchers(wants)} within ${timeoutMs} ms; give a longer \`timeout\`, or \`since\` to look back`,
      { details: { timeoutMs } },
    );
  }

  get #signals(): AbortSignal[] {
    return this.#given === undefined ? [this.#closing] : [this.#given, this.#closing];
  }

  #expire(): void {
    this.#late = true;
    if (this.#caughtUp) this.#abort();
  }

  readonly #abort = (): void => this.#controller.abort();
}
