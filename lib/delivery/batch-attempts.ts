import { AsyncResource } from "node:async_hooks";
import type { Delivery, Outcome } from "../engine/delivery.ts";
import type { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";
import { type AttemptCounts, AttemptOutcomes } from "./attempt-outcomes.ts";
import type { AttemptEnded, AttemptRunner, AttemptsDependencies, HandlerSettings } from "./attempts.ts";
import type { BatchHandlerSettings } from "./batch.ts";
import { BatchCollector } from "./batch-collector.ts";
import { callThrough, runBatch } from "./batch-middleware.ts";
import { BatchRun } from "./batch-run.ts";
import { DeadlineMonitor } from "./deadlines.ts";
import { IndexedPool } from "./indexed-pool.ts";
import { Run } from "./run.ts";
import { type RunContext, runContext } from "./run-context.ts";
import { type AnyHandler, callUser } from "./user-function.ts";

const dropped: Outcome = { kind: "dropped" };
const released: Outcome = { kind: "released" };

/** Collects deliveries and runs a handler over several of them at once; each of them ends by itself. */
export class BatchAttempts<Events> implements AttemptRunner {
  readonly #dependencies: AttemptsDependencies<Events>;
  readonly #handler: AnyHandler;
  readonly #filter: ((event: never) => boolean) | undefined;
  readonly #batch: BatchHandlerSettings;
  readonly #ended: AttemptEnded;
  readonly #outcomes: AttemptOutcomes;
  readonly #collector: BatchCollector;
  readonly #runs = new IndexedPool<BatchRun<Events>>();
  readonly #deadlines: DeadlineMonitor;
  readonly #scope = new AsyncResource("WaggleSubscription");
  #running = 0;

  constructor(
    dependencies: AttemptsDependencies<Events>,
    { handler, filter }: HandlerSettings,
    batch: BatchHandlerSettings,
    ended: AttemptEnded,
  ) {
    this.#dependencies = dependencies;
    this.#handler = handler;
    this.#filter = filter;
    this.#batch = batch;
    this.#ended = ended;
    this.#outcomes = new AttemptOutcomes(dependencies);
    this.#collector = new BatchCollector(dependencies, batch.windowMs, (deliveries, record) =>
      this.#begin(deliveries, record),
    );
    this.#deadlines = new DeadlineMonitor(dependencies, this.#runs);
  }

  get counts(): AttemptCounts {
    return this.#outcomes.counts;
  }

  get running(): number {
    return this.#running;
  }

  get held(): number {
    return this.#running + this.#collector.size;
  }

  heldBesides(run: RunContext | undefined): number {
    // Code of a batch runs for the batch, or for one of its events.
    const own = [...this.#runs].find((batch) => batch === run || batch.members.some((member) => member === run));
    return this.held - (own?.members.length ?? 0);
  }

  begin(delivery: Delivery, record: SubscriptionRecord): void {
    // More than its concurrency a subscription never holds: a batch that waited for more would never be full.
    this.#collector.add(delivery, record, Math.min(this.#batch.size, record.concurrency));
  }

  expired(): void {
    this.#outcomes.expired();
  }

  giveBack(): void {
    for (const delivery of this.#collector.take()) this.#ended(delivery, released);
  }

  abort(reason: BusError): void {
    for (const run of this.#runs) run.abort(reason);
  }

  stop(): void {
    this.#deadlines.stop();
  }

  #begin(deliveries: readonly Delivery[], record: SubscriptionRecord): void {
    const { bus, clock, counters, logger } = this.#dependencies;
    const now = clock.now();
    const members: Run<Events>[] = [];
    for (const delivery of deliveries) {
      if (!this.#outcomes.begin(delivery, now)) {
        this.#ended(delivery, dropped);
        continue;
      }
      const member = new Run(delivery, record, bus, logger, now);
      member.inBatch = true;
      members.push(member);
    }
    const [first] = members;
    if (first === undefined) return;
    const run = new BatchRun(first, members, logger);
    this.#runs.add(run);
    this.#running += members.length;
    counters.running += members.length;
    this.#deadlines.begin(run);
    this.#scope.runInAsyncScope(this.#start, undefined, run);
  }

  readonly #start = (run: BatchRun<Events>): void => {
    runContext.enterWith(run);
    const events = new Map<Run<Events>, Event>();
    for (const member of run.members) {
      const event = this.#wanted(member);
      if (event !== undefined) events.set(member, event);
    }
    run.members = [...events.keys()];
    if (events.size === 0) {
      this.#finish(run);
      return;
    }
    void this.#handle(run, events);
  };

  async #handle(run: BatchRun<Events>, events: ReadonlyMap<Run<Events>, Event>): Promise<void> {
    const call = (handled: readonly Event[]) => callUser<unknown>(this.#handler, handled, run);
    const { around = [] } = this.#batch;
    const handle = around.length === 0 ? call : (handled: readonly Event[]) => callThrough(around, run, handled, call);
    const failures = await runBatch(run, events, this.#batch.middleware, handle);
    this.#deadlines.returned(run, this.#dependencies.clock.now());
    this.#finish(run);
    for (const member of events.keys()) {
      const outcome = failures.has(member)
        ? this.#outcomes.failed(member, failures.get(member))
        : this.#outcomes.succeeded(member);
      this.#end(member, outcome);
    }
  }

  /** The event that a member's handler gets; undefined where the member has ended without one. */
  #wanted(member: Run<Events>): Event | undefined {
    try {
      const event = this.#dependencies.catalog.upcast(member.event);
      if (this.#filter === undefined || callUser<boolean>(this.#filter, event)) return event;
      this.#end(member, dropped);
    } catch (thrown) {
      this.#end(member, this.#outcomes.failed(member, thrown));
    }
    return undefined;
  }

  #finish(run: BatchRun<Events>): void {
    this.#runs.delete(run);
    run.ended = true;
    if (run.stuck) this.#dependencies.counters.stuck -= 1;
  }

  #end(run: Run<Events>, outcome: Outcome): void {
    run.ended = true;
    this.#running -= 1;
    this.#dependencies.counters.running -= 1;
    this.#ended(run.delivery, outcome, outcome === dropped ? undefined : run.startedAt);
  }
}
