import { AsyncLocalStorage } from "node:async_hooks";
import type { Event } from "../event/event.ts";
import { promiseOf } from "../runtime/promise-of.ts";
import type { BatchRun } from "./batch-run.ts";
import { type BatchMiddleware, type BatchNext, composeHandler, type HandlerMiddleware } from "./middleware.ts";
import { type Rejection, rejectionOf } from "./pending-publishes.ts";
import type { Run } from "./run.ts";
import { runContext } from "./run-context.ts";
import { callUser } from "./user-function.ts";

/** Calls the user's handler with the events of a batch. */
type BatchHandle = (events: readonly Event[]) => unknown;

/** Members that have failed, each with what was thrown. */
type Failures<Events> = ReadonlyMap<Run<Events>, unknown>;

/** Runs a batch, within its run context, and gives what failed once all its publishes have ended. Never rejects. */
export function runBatch<Events>(
  run: BatchRun<Events>,
  events: ReadonlyMap<Run<Events>, Event>,
  middleware: readonly HandlerMiddleware[],
  handle: BatchHandle,
): Promise<Failures<Events>> {
  return middleware.length === 0
    ? handleAll(run, events, handle)
    : new MiddlewareChains(run, events, middleware, handle).run();
}

/** Calls the handler through the middleware that is around the whole batch; the first is the outermost. */
export async function callThrough<Events>(
  around: readonly BatchMiddleware[],
  run: BatchRun<Events>,
  events: readonly Event[],
  handle: BatchHandle,
): Promise<void> {
  const innermost: BatchNext = async () => {
    await handle(events);
    return run.failed();
  };
  const chain = around.reduceRight<BatchNext>(
    (next, one) => async () => callUser<ReturnType<BatchMiddleware>>(one, events, run, next),
    innermost,
  );
  await chain();
}

/** One call of the handler, and what it has published and not awaited: between them they decide over all. */
function handleAll<Events>(
  run: BatchRun<Events>,
  events: ReadonlyMap<Run<Events>, Event>,
  handle: BatchHandle,
): Promise<Failures<Events>> {
  run.handling(events);
  const members = [...events.keys()];
  let result: unknown;
  try {
    result = handle([...events.values()]);
  } catch (error) {
    return failuresOf(run, members, { error });
  }
  // Looked at as soon as it ends: a publish that fails a turn later must not be missed.
  const promise = promiseOf(result);
  if (promise === undefined) return failuresOf(run, members, undefined);
  return promise.then(
    () => failuresOf(run, members, undefined),
    (error: unknown) => failuresOf(run, members, { error }),
  );
}

/** What failed by `fail`, by what the handler threw, by a publish of its own or by one of the whole batch, in this order. */
async function failuresOf<Events>(
  run: BatchRun<Events>,
  members: readonly Run<Events>[],
  thrown: Rejection | undefined,
): Promise<Failures<Events>> {
  const ofAll = rejectionOf(run.publishesSettled());
  const ofOne = members.map((member) => rejectionOf(member.publishesSettled()));
  const failures = new Map<Run<Events>, unknown>();
  for (const [index, member] of members.entries()) {
    const failure = run.failureOf(member) ?? thrown ?? (await ofOne[index]) ?? (await ofAll);
    if (failure !== undefined) failures.set(member, failure.error);
  }
  await Promise.all([ofAll, ...ofOne]);
  return failures;
}

/**
 * Middleware around each event of a batch: every chain runs until it calls `next`; once all have, or have ended without it,
 * the handler is called with the events that arrived, and each `next` settles by what became of its event.
 */
class MiddlewareChains<Events> {
  readonly #run: BatchRun<Events>;
  readonly #events: ReadonlyMap<Run<Events>, Event>;
  readonly #middleware: readonly HandlerMiddleware[];
  readonly #handle: BatchHandle;
  readonly #arrived = new Map<Run<Events>, { event: Event; result: PromiseWithResolvers<void> }>();
  readonly #failures = new Map<Run<Events>, unknown>();
  /** The handler runs in the context of the batch, not in that of the chain that arrived last. */
  readonly #inBatch = AsyncLocalStorage.snapshot();
  /** Chains that have neither arrived nor ended. */
  #outside: number;

  constructor(
    run: BatchRun<Events>,
    events: ReadonlyMap<Run<Events>, Event>,
    middleware: readonly HandlerMiddleware[],
    handle: BatchHandle,
  ) {
    this.#run = run;
    this.#events = events;
    this.#middleware = middleware;
    this.#handle = handle;
    this.#outside = events.size;
  }

  async run(): Promise<Failures<Events>> {
    await Promise.all(Array.from(this.#events, ([member, event]) => this.#chain(member, event)));
    return this.#failures;
  }

  async #chain(member: Run<Events>, event: Event): Promise<void> {
    const handler = composeHandler(this.#middleware, (given: Event) => this.#arrive(member, given));
    try {
      await runContext.run(member, () => callUser<unknown>(handler, event, member));
    } catch (thrown) {
      this.#failures.set(member, thrown);
    }
    const rejection = await rejectionOf(member.publishesSettled());
    if (rejection !== undefined && !this.#failures.has(member)) this.#failures.set(member, rejection.error);
    // Ended without a call of `next`: it is not of the batch.
    if (!this.#arrived.has(member)) this.#inside();
  }

  /** The innermost of a chain; called again it gives the same. */
  #arrive(member: Run<Events>, event: Event): Promise<void> {
    const before = this.#arrived.get(member);
    if (before !== undefined) return before.result.promise;
    const result = Promise.withResolvers<void>();
    this.#arrived.set(member, { event, result });
    this.#inside();
    return result.promise;
  }

  #inside(): void {
    this.#outside -= 1;
    if (this.#outside > 0) return;
    // Not within the call of the last `next`: its middleware must first get its promise.
    queueMicrotask(() => this.#inBatch(() => this.#begin()));
  }

  async #begin(): Promise<void> {
    const events = new Map<Run<Events>, Event>();
    // In the order in which they were handed over, whatever order the chains arrived in.
    for (const member of this.#events.keys()) {
      const arrived = this.#arrived.get(member);
      if (arrived !== undefined) events.set(member, arrived.event);
    }
    if (events.size === 0) return;
    const failures = await handleAll(this.#run, events, this.#handle);
    for (const [member, { result }] of this.#arrived) {
      if (failures.has(member)) result.reject(failures.get(member));
      else result.resolve();
    }
  }
}
