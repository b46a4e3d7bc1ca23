import type { BatchMiddleware, HandlerMiddleware } from "../delivery/middleware.ts";
import type { DeadLetter } from "../engine/delivery.ts";
import type { Entry } from "../engine/event-log.ts";
import type { BusError } from "../error/bus-error.ts";
import { isLoopGuard, loopGuard } from "../publish/loop-guard.ts";
import type { PublishMiddleware } from "../publish/middleware.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Counters } from "../runtime/metrics.ts";

/** What runs around every publish of a bus, around every attempt of its handlers, or around both. */
export interface Middleware {
  /** Runs around every publish. */
  readonly publish?: PublishMiddleware;
  /** Runs around every attempt of a handler; in a batch, around each event. */
  readonly handle?: HandlerMiddleware;
  /** Runs around every call of a batch handler, with all its events; inside `handle` of each. */
  readonly batch?: BatchMiddleware;
}

/** What a bus offers to its middleware. */
export interface MiddlewareContext {
  /** The source of time and timers; use no other, so that tests can move it. */
  readonly clock: Clock;
  /** 0 up to 1. */
  readonly random: () => number;
  /** The logger of the bus. */
  readonly logger: Logger;
  /** Counts that `metrics()` shows. */
  readonly counters: Pick<Counters, "rateLimited">;
  /** Fires when the bus closes: it takes no publish any more, one that is held back included. */
  readonly closing: AbortSignal;
  /** Keeps an event that is not published as a dead letter; a redrive publishes it. */
  deadLetter(entry: Entry, error: BusError): Promise<DeadLetter>;
}

/** What `connect({ use })` takes: middleware, or a function that makes it for a bus. */
export type MiddlewareOption = Middleware | ((context: MiddlewareContext) => Middleware);

/** Middleware in the order given, made for a bus; a loop guard before them, unless one is among them. */
export function createMiddleware(options: readonly MiddlewareOption[], context: MiddlewareContext): Middleware[] {
  return (options.some(isLoopGuard) ? options : [loopGuard(), ...options]).map((option) =>
    typeof option === "function" ? option(context) : option,
  );
}
