import type { HandlerContext } from "../../delivery/handler.ts";
import { retryHint } from "../../delivery/handler-errors.ts";
import { messageOf } from "../../error/message-of.ts";
import type { Event } from "../../event/event.ts";
import type { AnyEvents } from "../open-bus.ts";
import { pathOf } from "./ledger.ts";
import type { LoadedFunction } from "./load-functions.ts";

/** One run of one function. */
export interface Step {
  function: string;
  eventId: string;
  type: string;
  /** The document that it was about, or else the event's type. */
  what: string;
  attempt: number;
  durationMs: number;
}

/** A run that failed. */
export interface FailedStep extends Step {
  message: string;
  /** Whether that was its last attempt. */
  dead: boolean;
}

export interface StepsOptions {
  onFailure(step: FailedStep): void;
  /** Told what runs, whenever that changes. */
  onRunning(what: readonly string[]): void;
}

/** Slowest runs kept for the summary. */
const kept = 5;

/** Watches the functions at work. */
export class Steps {
  /** Slowest first. */
  readonly slowest: Step[] = [];
  /** From the start of the process to the end of the first run. */
  firstHandledMs: number | undefined;
  readonly #options: StepsOptions;
  readonly #running = new Set<string>();

  constructor(options: StepsOptions) {
    this.#options = options;
  }

  /** The same handler, watched. `attempts` is how many its subscription has. */
  watch(
    { name, handler }: LoadedFunction,
    attempts: number,
  ): (event: Event, context: HandlerContext<AnyEvents>) => Promise<unknown> {
    return async (event, context) => {
      const startedAt = performance.now();
      const what = pathOf(event) ?? event.type;
      const label = `${name} ${what}`;
      this.#running.add(label);
      this.#options.onRunning([...this.#running]);
      const step = (): Step => {
        const durationMs = performance.now() - startedAt;
        return { function: name, eventId: event.id, type: event.type, what, attempt: context.attempt, durationMs };
      };
      try {
        const result: unknown = await Reflect.apply(handler, undefined, [event, context]);
        this.firstHandledMs ??= performance.now();
        this.#keep(step());
        return result;
      } catch (thrown) {
        const hint = retryHint(thrown);
        const dead = context.attempt >= attempts || (hint !== undefined && "never" in hint);
        // What is stopped with the process is neither failed nor dead: it runs again.
        if (!context.signal.aborted) {
          this.#options.onFailure({ ...step(), message: messageOf(thrown), dead });
        }
        throw thrown;
      } finally {
        this.#running.delete(label);
        this.#options.onRunning([...this.#running]);
      }
    };
  }

  #keep(step: Step): void {
    const place = this.slowest.findIndex(({ durationMs }) => durationMs < step.durationMs);
    if (place === -1) this.slowest.push(step);
    else this.slowest.splice(place, 0, step);
    this.slowest.length = Math.min(this.slowest.length, kept);
  }
}
