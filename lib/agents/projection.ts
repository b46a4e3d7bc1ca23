import { runContext } from "../delivery/run-context.ts";
import type { Position } from "../engine/event-log.ts";
import type { HistoryQuery } from "../engine/queries.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import type { Duration } from "../event/duration.ts";
import { parseDuration } from "../event/duration.ts";
import type { Draft, Event } from "../event/event.ts";
import { ChangeWatch } from "../history/change-watch.ts";
import { checkHistoryQuery } from "../history/check-query.ts";
import { historyFilter } from "../history/history-filter.ts";
import { LogReader } from "../history/log-reader.ts";
import { selectionOfQuery } from "../history/log-selections.ts";
import { type AnyBus, type OpenBus, openBus } from "./dependencies.ts";
import { readPast } from "./read-past.ts";
import { StateWaits } from "./state-waits.ts";

/** What a state is made of. */
export interface ProjectOptions<State> {
  /** Its events, in order of acceptance. */
  readonly of: HistoryQuery;
  /** The state before the first of them. */
  readonly initial: State;
  /** The state after an event. It must be pure: the same in each process, and leave the state that it is given as it is. */
  reduce(state: State, event: Event): State;
}

/** How long {@link Projection.until} waits. */
export interface UntilOptions {
  /** Default 30 s. */
  readonly timeout?: Duration;
  /** Ends the wait as `aborted`. */
  readonly signal?: AbortSignal;
}

/** A state that follows the log. */
export interface Projection<State> {
  /** As of the last event that was read. Throws what `reduce` has thrown. */
  readonly state: State;
  /**
   * Publishes a draft of the projection's events, and resolves with the state just after it: what was accepted before it
   * counts, what comes after it does not. So all processes agree on what an event found, such as a free resource.
   */
  publish(draft: Draft): Promise<State>;
  /** Resolves with the first state that fulfils a condition, the present one included. Rejects with `timeout`, `aborted` or `closed`. */
  until(condition: (state: State) => boolean, options?: UntilOptions): Promise<State>;
  /** Reads no further; waits reject with `closed`. A second call does nothing. */
  close(): void;
  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void;
}

/**
 * A state made of the events of a query, kept up to date until it is closed: the past is read before this resolves. The
 * order is that of the log, so that each process comes to the same state. Rejects with `invalid_config`, and with what
 * `reduce` throws.
 */
export async function project<State>(bus: AnyBus, options: ProjectOptions<State>): Promise<Projection<State>> {
  const open = openBus("project", bus);
  const query = checkHistoryQuery("project", options.of);
  const projection = new LiveProjection(open, { ...options, of: query });
  await projection.start();
  return projection;
}

/** Pauses before a log that could not be read is read again, in milliseconds. */
const shortestPauseMs = 100;
const longestPauseMs = 5_000;

class LiveProjection<State> implements Projection<State> {
  readonly #open: OpenBus;
  readonly #options: ProjectOptions<State>;
  readonly #wants: (event: Event, acceptedAt: number) => boolean;
  readonly #closing = new AbortController();
  readonly #waits: StateWaits<State>;
  #state: State;
  #failure: BusError | undefined;

  constructor(open: OpenBus, options: ProjectOptions<State>) {
    this.#open = open;
    this.#options = options;
    this.#wants = historyFilter(options.of);
    this.#state = options.initial;
    this.#waits = new StateWaits(open.clock);
  }

  get state(): State {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#state;
  }

  async start(): Promise<void> {
    const { engine } = this.#open;
    const upTo = await engine.log.position("end");
    for await (const event of readPast(engine.log, this.#options.of, upTo)) this.#apply(event);
    // What is read later belongs to no attempt of a handler.
    runContext.exit(() => void this.#follow(upTo));
  }

  async publish(draft: Draft): Promise<State> {
    const id = draft.id ?? this.#open.nextId();
    const applied = this.#waits.applied(id);
    try {
      this.#checkOpen();
      await this.#open.bus.publish({ ...draft, id });
    } catch (thrown) {
      applied.cancel();
      throw thrown;
    }
    return applied.promise;
  }

  async until(condition: (state: State) => boolean, { timeout = "30s", signal }: UntilOptions = {}): Promise<State> {
    const timeoutMs = parseDuration(timeout, "until: timeout");
    this.#checkOpen();
    if (condition(this.#state)) return this.#state;
    return this.#waits.until(condition, timeoutMs, signal);
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#waits.end(closed());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #follow(from: Position): Promise<void> {
    const { clock, engine, onError } = this.#open;
    const { signal } = this.#closing;
    const wanted = [selectionOfQuery(this.#options.of)];
    let position = from;
    let pauseMs = shortestPauseMs;
    while (!signal.aborted && this.#failure === undefined) {
      try {
        const reader = new LogReader(engine.log, new ChangeWatch(engine, clock));
        for await (const read of reader.after(position, { signal, wanted })) {
          for (const { event, acceptedAt } of read.events) {
            if (signal.aborted) return;
            if (this.#wants(event, acceptedAt)) this.#apply(event);
          }
          position = read.position;
          pauseMs = shortestPauseMs;
        }
      } catch (thrown) {
        const error = toBusError(thrown);
        if (error.code === "closed") this.close();
        else if (this.#failure === undefined) {
          onError(error);
          await pause(clock, pauseMs);
          pauseMs = Math.min(2 * pauseMs, longestPauseMs);
        }
      }
    }
  }

  #apply(event: Event): void {
    try {
      this.#state = this.#options.reduce(this.#state, event);
    } catch (thrown) {
      this.#failure = toBusError(thrown, "handler_error");
      this.#waits.end(this.#failure);
      throw this.#failure;
    }
    this.#waits.reached(this.#state, event.id);
  }

  #checkOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing.signal.aborted) throw closed();
  }
}

function closed(): BusError {
  return new BusError("closed", "the projection is closed");
}

function pause(clock: OpenBus["clock"], ms: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(resolve, ms));
}
