import type { Bus } from "../bus/bus.ts";
import type { Delivery } from "../engine/delivery.ts";
import type { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import { type Logger, withFields } from "../runtime/logger.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";
import type { HandlerContext } from "./handler.ts";
import type { PoolItem } from "./indexed-pool.ts";
import { PendingPublishes, reportLate } from "./pending-publishes.ts";
import type { RunContext } from "./run-context.ts";

/** One attempt at one delivery: what its handler sees, and what its publishes have to know. */
export class Run<Events> implements RunContext, HandlerContext<Events>, PoolItem {
  readonly delivery: Delivery;
  /** The settings that it began with. */
  readonly record: SubscriptionRecord;
  readonly bus: Bus<Events>;
  readonly startedAt: number;
  readonly deadline: number;
  readonly #logger: Logger;
  #controller: AbortController | undefined;
  #aborted: BusError | undefined;
  #publishes: PendingPublishes | undefined;
  poolIndex = -1;
  /** Whether it ran past its abort and was reported. */
  stuck = false;
  /** Whether its outcome is decided. */
  ended = false;
  /** Set before it begins, where it is one of a batch. */
  inBatch?: true;

  constructor(delivery: Delivery, record: SubscriptionRecord, bus: Bus<Events>, logger: Logger, startedAt: number) {
    this.delivery = delivery;
    this.record = record;
    this.bus = bus;
    this.#logger = logger;
    this.startedAt = startedAt;
    this.deadline = startedAt + record.timeout;
  }

  get event(): Event {
    return this.delivery.event;
  }
  get subscription(): string {
    return this.delivery.subscription;
  }
  get attempt(): number {
    return this.delivery.attempt;
  }
  get acceptedAt(): number {
    return this.delivery.acceptedAt;
  }
  get replayId(): string | undefined {
    return this.delivery.replayId;
  }
  get redriven(): boolean {
    return this.delivery.redriven;
  }
  get aborted(): BusError | undefined {
    return this.#aborted;
  }

  /** Made when first asked for: an AbortController costs more than the rest of a run. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted !== undefined && !this.#controller.signal.aborted) this.#controller.abort(this.#aborted);
    return this.#controller.signal;
  }

  get log(): Logger {
    const { event, subscription, attempt } = this.delivery;
    return withFields(this.#logger, {
      subscription,
      attempt,
      eventId: event.id,
      type: event.type,
      correlationId: event.metadata.correlationId,
    });
  }

  abort(reason: BusError): void {
    if (this.#aborted !== undefined) return;
    this.#aborted = reason;
    this.#controller?.abort(reason);
  }

  track(publish: Promise<unknown>, isObserved: () => boolean = () => true): void {
    if (this.ended) {
      reportLate(publish, isObserved, this.log);
      return;
    }
    this.#publishes ??= new PendingPublishes();
    this.#publishes.add(publish, isObserved);
  }

  /** Publishes that the handler began and did not await; undefined where there is none. Rejects if one fails or has failed. */
  publishesSettled(): Promise<unknown> | undefined {
    return this.#publishes?.settled();
  }
}
