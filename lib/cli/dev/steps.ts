import type { HandlerContext } from "../../delivery/handler.ts";
import { retryHint } from "../../delivery/handler-errors.ts";
import { isParked } from "../../delivery/parked-error.ts";
import { BusError } from "../../error/bus-error.ts";
import { messageOf } from "../../error/message-of.ts";
import type { Event } from "../../event/event.ts";

/** One run of one handler. */
export interface Step {
  /** The name of the subscription. */
  subscription: string;
  /** The id of the event. */
  eventId: string;
  /** The type of the event. */
  type: string;
  /** What the event is about, or else its type. */
  what: string;
  /** 1 for the first. */
  attempt: number;
  /** Milliseconds that the handler took. */
  durationMs: number;
}

/** A run that failed. */
export interface FailedStep extends Step {
  /** The message of the error. */
  message: string;
  /** Whether that was its last attempt. */
  dead: boolean;
}

export interface StepsOptions {
  /** What an event is about; default: its type. */
  subject?: ((event: Event) => string | undefined) | undefined;
  onHandled(step: Step): void;
  onFailed(step: FailedStep): void;
  /** Called with what runs, whenever that changes. */
  onRunning(what: readonly string[]): void;
}

/** Slowest runs kept for the summary. */
const kept = 5;

/** Watches handlers at work. */
export class Steps {
  /** Slowest first. */
  readonly slowest: Step[] = [];
  handled = 0;
  failed = 0;
  /** From the start of the process to the end of the first run. */
  firstHandledMs: number | undefined;
  readonly #options: StepsOptions;
  #held: Promise<void> | undefined;
  readonly #running = new Map<object, string>();
  /** Failures that were reported, until the log has a line about them. */
  readonly #told = new Set<string>();

  constructor(options: StepsOptions) {
    this.#options = options;
  }

  /** How many handlers run now. */
  get running(): number {
    return this.#running.size;
  }

  /** From now on runs wait to begin, until what it gives is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return () => {
      this.#held = undefined;
      resolve();
    };
  }

  /** Runs a handler by `next`, watched. `attempts` is how many its subscription has. */
  async run<Events>(
    event: Event,
    context: HandlerContext<Events>,
    attempts: number,
    next: () => unknown,
  ): Promise<unknown> {
    if (this.#held !== undefined) await this.#held;
    const startedAt = performance.now();
    const { subscription, attempt } = context;
    const what = this.#options.subject?.(event) ?? event.type;
    const run = {};
    this.#running.set(run, `${subscription} ${what}`);
    this.#options.onRunning([...this.#running.values()]);
    const step = (): Step => {
      const durationMs = performance.now() - startedAt;
      return { subscription, eventId: event.id, type: event.type, what, attempt, durationMs };
    };
    try {
      const result: unknown = await next();
      // What ends after its time is up has failed all the same.
      if (context.signal.aborted) this.#fail(step(), context.signal.reason, attempts);
      else this.#end(step());
      return result;
    } catch (thrown) {
      this.#fail(step(), context.signal.aborted ? context.signal.reason : thrown, attempts);
      throw thrown;
    } finally {
      this.#running.delete(run);
      this.#options.onRunning([...this.#running.values()]);
    }
  }

  /** Whether a line of the bus's log is about a failure that was passed to {@link StepsOptions.onFailed}. True once. */
  toldOf({ subscription, eventId, attempt }: Readonly<Record<string, unknown>>): boolean {
    return this.#told.delete(keyOf(subscription, eventId, attempt));
  }

  #end(step: Step): void {
    this.handled += 1;
    this.firstHandledMs ??= performance.now();
    const place = this.slowest.findIndex(({ durationMs }) => durationMs < step.durationMs);
    if (place === -1) this.slowest.push(step);
    else this.slowest.splice(place, 0, step);
    this.slowest.length = Math.min(this.slowest.length, kept);
    this.#options.onHandled(step);
  }

  #fail(step: Step, reason: unknown, attempts: number): void {
    // What is stopped with the bus has neither failed nor died: it runs again.
    if (reason instanceof BusError && reason.code === "closed") return;
    // It waits, and comes again.
    if (isParked(reason)) return;
    this.failed += 1;
    const hint = retryHint(reason);
    const dead = step.attempt >= attempts || (hint !== undefined && "never" in hint);
    this.#told.add(keyOf(step.subscription, step.eventId, step.attempt));
    this.#options.onFailed({ ...step, message: messageOf(reason), dead });
  }
}

function keyOf(...parts: readonly unknown[]): string {
  return parts.join(" ");
}
