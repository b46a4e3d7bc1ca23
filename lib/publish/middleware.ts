import type { Appended, Entry } from "../engine/event-log.ts";

/** Hands an entry on; the innermost appends it to the engine's log. */
export type PublishNext = (entry: Entry) => Appended | Promise<Appended>;

/**
 * Runs around every publish of a bus, after the event was validated and given its id and flow, and before the engine takes
 * it. It hands the entry on with `next`, at once or later, and gives what that gives; or it throws, and the publish fails with
 * that. It may hand on another entry: the event in it must keep its id and be valid, and is not checked again. Where
 * `entry.inHandler`, it must not wait for other publishes. The first of `use` is the outermost.
 */
export type PublishMiddleware = (entry: Entry, next: PublishNext) => Appended | Promise<Appended>;

/** One publish through all of them. */
export function composePublish(middleware: readonly PublishMiddleware[], append: PublishNext): PublishNext {
  return middleware.reduceRight<PublishNext>((next, one) => (entry) => one(entry, next), append);
}

/** Where a function that makes middleware for a bus has its name: it is not handler middleware, though both are functions. */
const nameOfBusMiddleware: unique symbol = Symbol.for("wagglebus.busMiddleware");

/** What `rateLimit`, `loopGuard` and their like give: it runs around the publishes of a bus, and around no handler. */
export interface BusMiddleware {
  /** Which middleware it is. */
  readonly [nameOfBusMiddleware]: string;
}

/** Names a function that makes middleware for a bus, so that it is told from a function that runs around a handler. */
export function busMiddleware<Factory extends object>(name: string, factory: Factory): Factory & BusMiddleware {
  return Object.assign(factory, { [nameOfBusMiddleware]: name } as const);
}

/** The name that {@link busMiddleware} gave; `undefined` where it is something else. */
export function busMiddlewareName(value: object): string | undefined {
  const name: unknown = Reflect.get(value, nameOfBusMiddleware);
  return typeof name === "string" ? name : undefined;
}
