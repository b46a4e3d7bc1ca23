import { AsyncResource } from "node:async_hooks";
import type { Bus } from "../bus/bus.ts";
import type { Delivery, Outcome } from "../engine/delivery.ts";
import type { BusError } from "../error/bus-error.ts";
import type { Catalog } from "../event/catalog.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Counters } from "../runtime/metrics.ts";
import { promiseOf } from "../runtime/promise-of.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";
import { type AttemptCounts, AttemptOutcomes } from "./attempt-outcomes.ts";
import type { BatchHandlerSettings } from "./batch.ts";
import { DeadlineMonitor } from "./deadlines.ts";
import { IndexedPool } from "./indexed-pool.ts";
import { Run } from "./run.ts";
import { type RunContext, runContext } from "./run-context.ts";
import { type AnyHandler, callUser } from "./user-function.ts";

export type { AttemptCounts };

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

/** What is run: the handler with its middleware, and the subscriber's filter. */
export interface HandlerSettings {
  readonly handler: AnyHandler;
  readonly filter?: ((event: never) => boolean) | undefined;
  /** Present where the handler takes batches. */
  readonly batch?: BatchHandlerSettings | undefined;
}

/** Runs the deliveries that a runner was handed, and says how each ended. */
export interface AttemptRunner {
  readonly counts: AttemptCounts;
  /** Deliveries in a handler. */
  readonly running: number;
  /** Deliveries that have not ended, those included that have not begun. */
  readonly held: number;
  /** The same without those of one run, where it is one of these. */
  heldBesides(run: RunContext | undefined): number;
  /** Takes a delivery; one whose event has expired ends at once, without a run. Never throws. */
  begin(delivery: Delivery, record: SubscriptionRecord): void;
  /** Counts a delivery that was discarded because its event had expired. */
  expired(): void;
  /** Gives back what has not begun. */
  giveBack(): void;
  /** Aborts every run: its signal fires and it may publish no more. */
  abort(reason: BusError): void;
  /** Watches deadlines no longer. */
  stop(): void;
}

/**
 * Called once for each delivery that was begun; `startedAt` is when its handler began, where it did, and `endedAt` when it
 * ended, where that is known and not now.
 */
export type AttemptEnded = (delivery: Delivery, outcome: Outcome, startedAt?: number, endedAt?: number) => void;

const dropped: Outcome = { kind: "dropped" };

/**
 * Runs a handler, one attempt at a time for each delivery. An attempt ends when the handler's promise has settled, not when
 * its time is up.
 */
export class Attempts<Events> implements AttemptRunner {
  readonly #dependencies: AttemptsDependencies<Events>;
  readonly #handler: AnyHandler;
  readonly #filter: ((event: never) => boolean) | undefined;
  readonly #ended: AttemptEnded;
  readonly #outcomes: AttemptOutcomes;
  readonly #runs = new IndexedPool<Run<Events>>();
  readonly #deadlines: DeadlineMonitor;
  /**
   * What each run begins in: the context of the subscribe call. Left again by putting back what was there, where
   * `runContext.run` builds a second context to leave its first one: a sixth of a delivery to three subscriptions.
   */
  readonly #scope = new AsyncResource("WaggleSubscription");

  constructor(dependencies: AttemptsDependencies<Events>, { handler, filter }: HandlerSettings, ended: AttemptEnded) {
    this.#dependencies = dependencies;
    this.#handler = handler;
    this.#filter = filter;
    this.#ended = ended;
    this.#outcomes = new AttemptOutcomes(dependencies);
    this.#deadlines = new DeadlineMonitor(dependencies, this.#runs);
  }

  get counts(): AttemptCounts {
    return this.#outcomes.counts;
  }

  get running(): number {
    return this.#runs.size;
  }

  get held(): number {
    return this.#runs.size;
  }

  heldBesides(run: RunContext | undefined): number {
    return [...this.#runs].filter((one) => one !== run).length;
  }

  begin(delivery: Delivery, record: SubscriptionRecord): void {
    const { bus, clock, counters, logger } = this.#dependencies;
    const now = clock.now();
    if (!this.#outcomes.begin(delivery, now)) {
      this.#ended(delivery, dropped);
      return;
    }
    const run = new Run(delivery, record, bus, logger, now);
    this.#runs.add(run);
    counters.running += 1;
    this.#deadlines.begin(run);
    this.#scope.runInAsyncScope(this.#start, undefined, run);
  }

  expired(): void {
    this.#outcomes.expired();
  }

  giveBack(): void {}

  abort(reason: BusError): void {
    for (const run of this.#runs) run.abort(reason);
  }

  stop(): void {
    this.#deadlines.stop();
  }

  /** A property, so that it is handed over without a closure for each run. */
  readonly #start = (run: Run<Events>): void => {
    runContext.enterWith(run);
    let result: unknown;
    try {
      const event = this.#dependencies.catalog.upcast(run.event);
      if (this.#filter !== undefined && !callUser<boolean>(this.#filter, event)) {
        this.#end(run, dropped);
        return;
      }
      result = callUser<unknown>(this.#handler, event, run);
    } catch (thrown) {
      this.#failed(run, thrown);
      return;
    }
    const promise = promiseOf(result);
    if (promise === undefined) this.#returned(run);
    else {
      promise.then(
        () => this.#returned(run),
        (thrown: unknown) => this.#failed(run, thrown),
      );
    }
  };

  #returned(run: Run<Events>): void {
    const now = this.#dependencies.clock.now();
    this.#deadlines.returned(run, now);
    const publishes = run.publishesSettled();
    if (publishes === undefined) {
      this.#end(run, this.#outcomes.succeeded(run), now);
      return;
    }
    publishes.then(
      () => this.#end(run, this.#outcomes.succeeded(run)),
      (thrown: unknown) => this.#failed(run, thrown),
    );
  }

  #failed(run: Run<Events>, thrown: unknown): void {
    this.#end(run, this.#outcomes.failed(run, thrown));
  }

  #end(run: Run<Events>, outcome: Outcome, endedAt?: number): void {
    const { counters } = this.#dependencies;
    this.#runs.delete(run);
    run.ended = true;
    counters.running -= 1;
    if (run.stuck) counters.stuck -= 1;
    this.#ended(run.delivery, outcome, outcome === dropped ? undefined : run.startedAt, endedAt);
  }
}
