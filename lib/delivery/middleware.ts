import type { Event } from "../event/event.ts";
import type { HandlerContext } from "./handler.ts";

/** Runs the handler, or the next middleware; with another event where one is given. */
export type HandlerNext = (event?: Event) => Promise<unknown>;

/**
 * Runs around every attempt of a handler, within its timeout: `next` runs what is inside and gives its promise. What it
 * throws fails the attempt, as what the handler throws does; without a call of `next` the handler does not run and the
 * delivery is done. The event is the one that the handler gets, in the newest version of its type.
 */
export type HandlerMiddleware = (event: Event, context: HandlerContext, next: HandlerNext) => unknown;

/** A user's function over an event and its context. */
type AnyHandler = (event: never, context: never) => unknown;

/** One handler through all of them; the handler itself where there is none. */
export function composeHandler(middleware: readonly HandlerMiddleware[], handler: AnyHandler): AnyHandler {
  return middleware.reduceRight<AnyHandler>(
    (inner, one) => (event: never, context: never) =>
      one(
        event,
        context,
        async (other?: Event): Promise<unknown> => Reflect.apply(inner, undefined, [other ?? event, context]),
      ),
    handler,
  );
}
