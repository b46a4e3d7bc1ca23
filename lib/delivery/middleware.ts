import { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import type { BatchContext } from "./batch.ts";
import type { HandlerContext } from "./handler.ts";
import { type AnyHandler, callUser } from "./user-function.ts";

/** Runs the handler, or the next middleware; with another event where one is given. */
export type HandlerNext = (event?: Event) => Promise<unknown>;

/**
 * Runs around every attempt of a handler, within its timeout: `next` runs what is inside and gives its promise. What it
 * throws fails the attempt, as what the handler throws does; without a call of `next` the handler does not run and the
 * delivery is done. The event is the one that the handler gets, in the newest version of its type.
 */
export type HandlerMiddleware = (event: Event, context: HandlerContext, next: HandlerNext) => unknown;

/** Runs the handler of a batch, or the next middleware. Resolves with the events that the handler has failed by `fail`, and its errors. */
export type BatchNext = () => Promise<ReadonlyMap<Event, unknown>>;

/**
 * Runs around every call of a batch handler, inside the middleware of each event: `next` runs what is inside. What it throws fails
 * all events of the batch; without a call of `next` the handler does not run and they are done.
 */
export type BatchMiddleware = (
  events: readonly Event[],
  context: BatchContext,
  next: BatchNext,
) => Promise<ReadonlyMap<Event, unknown>>;

/** One handler through all of them; the handler itself where there is none. */
export function composeHandler(middleware: readonly HandlerMiddleware[], handler: AnyHandler): AnyHandler {
  return middleware.reduceRight<AnyHandler>(
    (inner, one) => (event: never, context: never) => through(one, inner, event, context),
    handler,
  );
}

/** Ends when the middleware and all that it has run have ended: a run that it does not await is a run all the same. */
async function through(one: HandlerMiddleware, inner: AnyHandler, event: Event, context: HandlerContext) {
  const runs: Promise<unknown>[] = [];
  let ended = false;
  const next: HandlerNext = (other = event) => {
    if (ended) return Promise.reject(endedBefore(context));
    const run = (async () => callUser<unknown>(inner, other, context))();
    // What the middleware makes of a failure is its own; one that it does not look at must not end the process.
    run.catch(() => {});
    runs.push(run);
    return run;
  };
  try {
    return await one(event, context, next);
  } finally {
    ended = true;
    await Promise.allSettled(runs);
  }
}

function endedBefore({ subscription }: HandlerContext): BusError {
  return new BusError(
    "aborted",
    `subscription ${subscription}: middleware called \`next\` after it had ended; return or await its promise`,
  );
}
