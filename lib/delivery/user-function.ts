import type { Event } from "../event/event.ts";

/** A user's function over an event, or events, and its context, whose types the subscription's `on` decided. */
export type AnyHandler = (event: never, context: never) => unknown;

/**
 * Calls a function of the user's with values whose types the subscription's `on` decided: the one place where what was
 * inferred when it was defined meets what is stored.
 */
export function callUser<Result>(
  userFunction: (...values: never[]) => Result,
  ...values: readonly [Event | readonly Event[], ...unknown[]]
): Result {
  return Reflect.apply(userFunction, undefined, values);
}
