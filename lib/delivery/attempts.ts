import { AsyncResource } from "node:async_hooks";
import type { Bus } from "../bus/bus.ts";
import type { Delivery, Outcome } from "../engine/delivery.ts";
import type { BusError } from "../error/bus-error.ts";
import type { Catalog } from "../event/catalog.ts";
import { deliverAtMs } from "../event/deliver-at.ts";
import type { Event } from "../event/event.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Counters } from "../runtime/metrics.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";
import { backoffMs } from "./backoff.ts";
import { DeadlineMonitor } from "./deadlines.ts";
import { retryHint, toFailure } from "./handler-errors.ts";
import { IndexedPool } from "./indexed-pool.ts";
import { Run } from "./run.ts";
import { runContext } from "./run-context.ts";

/** What attempts need of their bus. */
export interface AttemptsDependencies<Events> {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly bus: Bus<Events>;
  onError(error: BusError): void;
}

/** A user's function over an event and its context, whose types the subscription's `on` decided. */
export type AnyHandler = (event: never, context: never) => unknown;

/** What is run: the handler with its middleware, and the subscriber's filter. */
export interface HandlerParts {
  readonly handler: AnyHandler;
  readonly filter?: ((event: never) => boolean) | undefined;
}

/** What was counted of the attempts of one handler. */
export interface AttemptCounts {
  delivered: number;
  failed: number;
  retried: number;
  deadLettered: number;
  expired: number;
  lastEventMs: number | undefined;
}

const done: Outcome = { kind: "done" };
const dropped: Outcome = { kind: "dropped" };
const released: Outcome = { kind: "released" };

/**
 * Runs a handler, one attempt at a time for each delivery, and says how each ended: here a retry is decided. An attempt ends
 * when the handler's promise has settled, not when its time is up.
 */
export class Attempts<Events> {
  readonly counts: AttemptCounts = {
    delivered: 0,
    failed: 0,
    retried: 0,
    deadLettered: 0,
    expired: 0,
    lastEventMs: undefined,
  };
  readonly #dependencies: AttemptsDependencies<Events>;
  readonly #handler: AnyHandler;
  readonly #filter: ((event: never) => boolean) | undefined;
  readonly #ended: (delivery: Delivery, outcome: Outcome) => void;
  readonly #runs = new IndexedPool<Run<Events>>();
  readonly #deadlines: DeadlineMonitor;
  /**
   * What each run begins in: the context of the subscribe call. Left again by putting back what was there, where
   * `runContext.run` builds a second context to leave its first one: a sixth of a delivery to three subscriptions.
   */
  readonly #scope = new AsyncResource("WaggleSubscription");

  /** `ended` is called once for each delivery that was begun. */
  constructor(
    dependencies: AttemptsDependencies<Events>,
    { handler, filter }: HandlerParts,
    ended: (delivery: Delivery, outcome: Outcome) => void,
  ) {
    this.#dependencies = dependencies;
    this.#handler = handler;
    this.#filter = filter;
    this.#ended = ended;
    this.#deadlines = new DeadlineMonitor(dependencies, this.#runs);
  }

  /** How many run now. */
  get running(): number {
    return this.#runs.size;
  }

  /** Begins an attempt; one whose event has expired ends at once, without a run. Never throws. */
  begin(delivery: Delivery, record: SubscriptionRecord): void {
    const { bus, clock, counters, logger } = this.#dependencies;
    const now = clock.now();
    const { expiresAt, deliverAt } = delivery.event.metadata;
    if (expiresAt !== undefined && Date.parse(expiresAt) <= now) {
      this.expired();
      this.#ended(delivery, dropped);
      return;
    }
    if (delivery.attempt === 1) {
      const { acceptedAt, event } = delivery;
      counters.deliveryMs.record(
        now - (deliverAt === undefined ? acceptedAt : Math.max(acceptedAt, deliverAtMs(event))),
      );
    }
    this.counts.lastEventMs = now;
    const run = new Run(delivery, record, bus, logger, now);
    this.#runs.add(run);
    counters.running += 1;
    this.#deadlines.begin(run);
    this.#scope.runInAsyncScope(this.#start, undefined, run);
  }

  /** Counts a delivery that was discarded because its event had expired. */
  expired(): void {
    this.#dependencies.counters.expired += 1;
    this.counts.expired += 1;
  }

  /** Aborts every run: its signal fires and it may publish no more. */
  abort(reason: BusError): void {
    for (const run of this.#runs) run.abort(reason);
  }

  /** Watches deadlines no longer. */
  stop(): void {
    this.#deadlines.stop();
  }

  /** A property, so that it is handed over without a closure for each run. */
  readonly #start = (run: Run<Events>): void => {
    runContext.enterWith(run);
    let result: unknown;
    try {
      const event = this.#dependencies.catalog.upcast(run.event);
      if (this.#filter !== undefined && !call<boolean>(this.#filter, event)) {
        this.#end(run, dropped);
        return;
      }
      result = call<unknown>(this.#handler, event, run);
    } catch (thrown) {
      this.#failed(run, thrown);
      return;
    }
    if (isThenable(result)) {
      result.then(
        () => this.#returned(run),
        (thrown: unknown) => this.#failed(run, thrown),
      );
    } else this.#returned(run);
  };

  #returned(run: Run<Events>): void {
    const publishes = run.publishesSettled();
    if (publishes === undefined) {
      this.#succeeded(run);
      return;
    }
    publishes.then(
      () => this.#succeeded(run),
      (thrown: unknown) => this.#failed(run, thrown),
    );
  }

  #succeeded(run: Run<Events>): void {
    // What ended after its time was up has failed all the same: its publishes may have been refused.
    if (run.aborted !== undefined) {
      this.#failed(run, run.aborted);
      return;
    }
    this.#dependencies.counters.delivered += 1;
    this.counts.delivered += 1;
    this.#end(run, done);
  }

  #failed(run: Run<Events>, thrown: unknown): void {
    if (run.aborted?.code === "closed") {
      this.#end(run, released);
      return;
    }
    const { counters, clock, random } = this.#dependencies;
    const { attempt } = run.delivery;
    const reason = run.aborted ?? thrown;
    const failure = toFailure(reason, attempt, clock.now());
    const hint = retryHint(reason);
    counters.failed += 1;
    this.counts.failed += 1;
    if ((hint !== undefined && "never" in hint) || attempt >= run.record.attempts) {
      counters.deadLettered += 1;
      this.counts.deadLettered += 1;
      run.log.error("delivery is dead", { code: failure.code, attempts: attempt });
      this.#end(run, { kind: "dead", failure });
      return;
    }
    counters.retried += 1;
    this.counts.retried += 1;
    const afterMs = hint?.afterMs ?? backoffMs(run.record.backoff, attempt, random);
    run.log.info("attempt failed", { code: failure.code, retryInMs: afterMs });
    this.#end(run, { kind: "retry", afterMs, failure });
  }

  #end(run: Run<Events>, outcome: Outcome): void {
    const { counters } = this.#dependencies;
    this.#runs.delete(run);
    counters.running -= 1;
    if (run.stuck) counters.stuck -= 1;
    this.#ended(run.delivery, outcome);
  }
}

/**
 * Calls a function of the user's with values whose types the subscription's `on` decided: the one place where what was
 * inferred when it was defined meets what is stored.
 */
function call<Result>(userFunction: (...values: never[]) => Result, ...values: readonly [Event, ...unknown[]]): Result {
  return Reflect.apply(userFunction, undefined, values);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
