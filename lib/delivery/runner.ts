import { AsyncResource } from "node:async_hooks";
import type { Bus } from "../bus/bus.ts";
import type { Delivery, Outcome } from "../engine/delivery.ts";
import type { Attachment, Consumer, Engine } from "../engine/engine.ts";
import { type BusError, toBusError } from "../error/bus-error.ts";
import type { Catalog } from "../event/catalog.ts";
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

/** What a runner needs of its bus. */
export interface RunnerDependencies<Events> {
  /** Of the engine, what hands deliveries over and records how they ended. */
  readonly engine: Pick<Engine, "attach" | "settings" | "settle">;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly bus: Bus<Events>;
  onError(error: BusError): void;
}

/** What one runner counted. */
export interface RunnerCounts {
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

/** Runs a handler for the deliveries that an engine hands over, and tells the engine how each ended. */
export class Runner<Events> implements Consumer {
  readonly counts: RunnerCounts = {
    delivered: 0,
    failed: 0,
    retried: 0,
    deadLettered: 0,
    expired: 0,
    lastEventMs: undefined,
  };
  readonly #host: RunnerDependencies<Events>;
  readonly #handler: (event: never, context: never) => unknown;
  readonly #filter: ((event: never) => boolean) | undefined;
  readonly #runs = new IndexedPool<Run<Events>>();
  readonly #deadlines: DeadlineMonitor;
  readonly #attachment: Attachment;
  #record: SubscriptionRecord;
  #paused = false;
  #closing = false;
  #idle: (() => void)[] = [];
  /**
   * What each run begins in: the context of the subscribe call. Left again by putting back what was there, where
   * `runContext.run` builds a second context to leave its first one: a sixth of a delivery to three subscriptions.
   */
  readonly #scope = new AsyncResource("WaggleSubscription");

  constructor(
    host: RunnerDependencies<Events>,
    record: SubscriptionRecord,
    handler: (event: never, context: never) => unknown,
    filter: ((event: never) => boolean) | undefined,
  ) {
    this.#host = host;
    this.#record = record;
    this.#handler = handler;
    this.#filter = filter;
    this.#deadlines = new DeadlineMonitor(host, this.#runs);
    this.#attachment = host.engine.attach(record.name, this);
    this.#attachment.wake();
  }

  get name(): string {
    return this.#record.name;
  }
  get running(): number {
    return this.#runs.size;
  }
  get paused(): boolean {
    return this.#paused;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#attachment.wake();
  }

  capacity(): number {
    if (this.#paused || this.#closing) return 0;
    this.#record = this.#host.engine.settings(this.name) ?? this.#record;
    return Math.max(0, this.#record.concurrency - this.#runs.size);
  }

  deliver(delivery: Delivery): void {
    const { clock, counters } = this.#host;
    const now = clock.now();
    const { expiresAt } = delivery.event.metadata;
    if (this.#closing) {
      this.#settle(delivery, released);
      return;
    }
    if (expiresAt !== undefined && Date.parse(expiresAt) <= now) {
      this.expired();
      this.#settle(delivery, dropped);
      return;
    }
    if (delivery.attempt === 1) counters.deliveryMs.record(now - delivery.acceptedAt);
    this.counts.lastEventMs = now;
    const run = new Run(delivery, this.#host.bus, this.#host.logger, now, this.#record.timeout);
    this.#runs.add(run);
    counters.running += 1;
    this.#deadlines.begin(run);
    this.#scope.runInAsyncScope(this.#start, undefined, run);
  }

  expired(): void {
    this.#host.counters.expired += 1;
    this.counts.expired += 1;
  }

  /** Takes nothing new and resolves when what runs has ended; `abort` has it end sooner. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#runs.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#attachment.detach();
    this.#deadlines.stop();
  }

  /** Has every handler stop: its signal fires and it may publish no more. */
  abort(reason: BusError): void {
    for (const run of this.#runs) run.abort(reason);
  }

  /** Lets go of the engine while handlers still run; what they held stays theirs until they end. */
  abandon(): void {
    this.#attachment.detach();
    this.#deadlines.stop();
  }

  /** A property, so that it is handed over without a closure for each run. */
  readonly #start = (run: Run<Events>): void => {
    runContext.enterWith(run);
    let result: unknown;
    try {
      const event = this.#host.catalog.upcast(run.event);
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
    this.#host.counters.delivered += 1;
    this.counts.delivered += 1;
    this.#end(run, done);
  }

  #failed(run: Run<Events>, thrown: unknown): void {
    if (run.aborted?.code === "closed") {
      this.#end(run, released);
      return;
    }
    const { counters, clock, random } = this.#host;
    const { attempt } = run.delivery;
    const reason = run.aborted ?? thrown;
    const failure = toFailure(reason, attempt, clock.now());
    const hint = retryHint(reason);
    counters.failed += 1;
    this.counts.failed += 1;
    if ((hint !== undefined && "never" in hint) || attempt >= this.#record.attempts) {
      counters.deadLettered += 1;
      this.counts.deadLettered += 1;
      run.log.error("delivery is dead", { code: failure.code, attempts: attempt });
      this.#end(run, { kind: "dead", failure });
      return;
    }
    counters.retried += 1;
    this.counts.retried += 1;
    const afterMs = hint?.afterMs ?? backoffMs(this.#record.backoff, attempt, random);
    run.log.info("attempt failed", { code: failure.code, retryInMs: afterMs });
    this.#end(run, { kind: "retry", afterMs, failure });
  }

  #end(run: Run<Events>, outcome: Outcome): void {
    this.#runs.delete(run);
    this.#host.counters.running -= 1;
    if (run.stuck) this.#host.counters.stuck -= 1;
    this.#settle(run.delivery, outcome);
    if (this.#runs.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #settle(delivery: Delivery, outcome: Outcome): void {
    const settled = this.#host.engine.settle(delivery, outcome);
    settled?.catch((thrown: unknown) => this.#host.onError(toBusError(thrown)));
    this.#attachment.wake();
  }
}

/**
 * Calls a function of the user's with values whose types the subscription's `on` decided: the one place where what was
 * inferred when it was defined meets what is stored.
 */
function call<Result>(userFunction: (...values: never[]) => Result, ...values: readonly unknown[]): Result {
  return Reflect.apply(userFunction, undefined, values);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
