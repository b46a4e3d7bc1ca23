import type { Bus } from "../bus/bus.ts";
import { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import { type Logger, withFields } from "../runtime/logger.ts";
import type { BatchContext, BatchDelivery } from "./batch.ts";
import type { PoolItem } from "./indexed-pool.ts";
import { PendingPublishes, reportLate } from "./pending-publishes.ts";
import type { Run } from "./run.ts";
import { type RunContext, runContext } from "./run-context.ts";

/** One run for several deliveries, each of which has a {@link Run} of its own: what the handler sees, and its publishes. */
export class BatchRun<Events> implements RunContext, BatchContext<Event, Events>, PoolItem {
  readonly batch = true;
  /** Those that are to be handled; without those that were dropped before. */
  members: readonly Run<Events>[];
  #handled: readonly Run<Events>[] | undefined;
  #events: ReadonlyMap<Run<Events>, Event> = new Map();
  readonly #first: Run<Events>;
  readonly #byEvent = new Map<object, Run<Events>>();
  readonly #failures = new Map<Run<Events>, unknown>();
  readonly #publishes = new PendingPublishes();
  readonly #logger: Logger;
  poolIndex = -1;
  stuck = false;
  /** Whether the outcomes of its events are decided. */
  ended = false;

  // Properties, so that a handler may take them out of its context: ({ fail }) => …
  readonly fail = (event: Event, error: unknown): void => {
    this.#failures.set(this.#memberOf(event), error);
  };
  readonly causedBy = <Result>(event: Event, work: () => Result): Result => runContext.run(this.#memberOf(event), work);
  readonly delivery = (event: Event): BatchDelivery => {
    const { acceptedAt, attempt, redriven } = this.#memberOf(event);
    return { acceptedAt, attempt, redriven };
  };

  /** `first` is one of the members. */
  constructor(first: Run<Events>, members: readonly Run<Events>[], logger: Logger) {
    this.#first = first;
    this.members = members;
    this.#logger = logger;
  }

  get startedAt(): number {
    return this.#first.startedAt;
  }
  get deadline(): number {
    return this.#first.deadline;
  }
  get bus(): Bus<Events> {
    return this.#first.bus;
  }
  get subscription(): string {
    return this.#first.subscription;
  }
  /** What is published without saying what caused it is caused by the first. */
  get event(): Event {
    return (this.#handled?.[0] ?? this.members[0] ?? this.#first).event;
  }
  get aborted(): BusError | undefined {
    return this.#first.aborted;
  }
  get signal(): AbortSignal {
    return this.#first.signal;
  }
  get size(): number {
    return (this.#handled ?? this.members).length;
  }

  get log(): Logger {
    return withFields(this.#logger, { subscription: this.subscription, batch: this.size, eventId: this.event.id });
  }

  /** Says which members the handler gets, and by which object it knows the event of each. */
  handling(events: ReadonlyMap<Run<Events>, Event>): void {
    this.#events = events;
    this.#handled = [...events.keys()];
    for (const [member, event] of events) this.#byEvent.set(event, member);
  }

  /** What the handler said of a member by `fail`. */
  failureOf(member: Run<Events>): { readonly error: unknown } | undefined {
    return this.#failures.has(member) ? { error: this.#failures.get(member) } : undefined;
  }

  /** The events that the handler has failed by `fail`, as it knows them. */
  failed(): ReadonlyMap<Event, unknown> {
    const failed = [...this.#events].filter(([member]) => this.#failures.has(member));
    return new Map(failed.map(([member, event]) => [event, this.#failures.get(member)]));
  }

  abort(reason: BusError): void {
    this.#first.abort(reason);
    for (const member of this.members) member.abort(reason);
  }

  track(publish: Promise<unknown>, isObserved: () => boolean = () => true): void {
    if (this.ended) reportLate(publish, isObserved, this.log);
    else this.#publishes.add(publish, isObserved);
  }

  /** Publishes that the handler began and did not await, for no event of its own. */
  publishesSettled(): Promise<unknown> | undefined {
    return this.#publishes.settled();
  }

  /** By the object that the handler was given; a copy of it is known by its id. */
  #memberOf(event: Event): Run<Events> {
    const member = this.#byEvent.get(event) ?? this.members.find((one) => one.event.id === event?.id);
    if (member !== undefined) return member;
    throw new BusError(
      "invalid_config",
      `subscription ${this.subscription}: event ${event?.id} is not of this batch; give one of the handler's events`,
    );
  }
}
