import type { Delivery, Outcome } from "../engine/delivery.ts";
import type { Consumer, Consumption, DeliveryQueue } from "../engine/delivery-queue.ts";
import { type BusError, toBusError } from "../error/bus-error.ts";
import type { Timer } from "../runtime/clock.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";
import { hasExpired } from "./attempt-outcomes.ts";
import {
  type AttemptCounts,
  type AttemptEnded,
  type AttemptRunner,
  Attempts,
  type AttemptsDependencies,
  type HandlerSettings,
} from "./attempts.ts";
import { BatchAttempts } from "./batch-attempts.ts";
import type { DeliveryLimits, LimitRegistry } from "./limits/delivery-limits.ts";
import { runContext } from "./run-context.ts";

/** What a runner needs of its bus. */
export interface RunnerDependencies<Events> extends AttemptsDependencies<Events> {
  /** Hands deliveries over and records how they ended. */
  readonly deliveries: Pick<DeliveryQueue, "consume" | "settle">;
  /** The limits of the bus; without them `throttle` and `concurrencyPerKey` are not held. */
  readonly limits?: LimitRegistry | undefined;
  /** Whether the name of the subscription was generated. Default false. */
  readonly ephemeral?: boolean;
}

const released: Outcome = { kind: "released" };

/** Consumes a subscription: takes as many deliveries as it may run, and settles each once its attempt has ended. */
export class Runner<Events> implements Consumer {
  readonly #dependencies: RunnerDependencies<Events>;
  readonly #attempts: AttemptRunner;
  readonly #consumption: Consumption;
  #record: SubscriptionRecord;
  /** Absent until the subscription has a limit. */
  #limits: DeliveryLimits | undefined;
  /** Until its throttle has a slot again. */
  #throttled: Timer = undefined;
  #paused = false;
  #closing = false;
  #waiting: { readonly isOver: () => boolean; readonly resolve: () => void }[] = [];
  #released = false;

  constructor(dependencies: RunnerDependencies<Events>, record: SubscriptionRecord, handler: HandlerSettings) {
    const { deliveries } = dependencies;
    this.#dependencies = dependencies;
    this.#record = record;
    this.#use(record);
    const ended: AttemptEnded = (delivery, outcome, startedAt, endedAt) =>
      this.#ended(delivery, outcome, startedAt, endedAt);
    this.#attempts =
      handler.batch === undefined
        ? new Attempts(dependencies, handler, ended)
        : new BatchAttempts(dependencies, handler, handler.batch, ended);
    this.#consumption = deliveries.consume(record.name, this);
    this.#consumption.wake();
  }

  get name(): string {
    return this.#record.name;
  }
  get counts(): AttemptCounts {
    return this.#attempts.counts;
  }
  get running(): number {
    return this.#attempts.running;
  }
  get paused(): boolean {
    return this.#paused;
  }

  pause(): void {
    this.#paused = true;
    this.#attempts.giveBack();
    // A queue of another process has to hear that nothing more is taken.
    this.#consumption.wake();
  }

  resume(): void {
    this.#paused = false;
    this.#consumption.wake();
  }

  capacity(): number {
    if (this.#paused || this.#closing) return 0;
    const record = this.#consumption.settings ?? this.#record;
    if (record !== this.#record) this.#use(record);
    const free = Math.max(0, record.concurrency - this.#attempts.held);
    return this.#limits === undefined || free === 0 ? free : this.#unthrottled(free, this.#limits);
  }

  deliver(delivery: Delivery): void {
    if (this.#closing) this.#settle(delivery, released);
    else if (this.#limits === undefined) this.#attempts.begin(delivery, this.#record);
    else this.#admit(delivery, this.#limits);
  }

  expired(): void {
    this.#attempts.expired();
  }

  unrecorded(error: BusError): void {
    this.#dependencies.onError(error);
  }

  /** Whether the current code belongs to a run of this runner. */
  get calledFromRun(): boolean {
    return this.#attempts.heldBesides(runContext.getStore()) < this.#attempts.held;
  }

  /**
   * Takes nothing new and resolves when what runs has ended; `abort` has it end sooner. Called from a run, it does not wait
   * for that one, which could not end before.
   */
  async close(): Promise<void> {
    this.#closing = true;
    this.#attempts.giveBack();
    this.#consumption.wake();
    const own = runContext.getStore();
    const isOver = () => this.#attempts.heldBesides(own) === 0;
    if (!isOver()) await new Promise<void>((resolve) => this.#waiting.push({ isOver, resolve }));
    this.#release();
  }

  /** Has every handler stop: its signal fires and it may publish no more. */
  abort(reason: BusError): void {
    this.#attempts.abort(reason);
  }

  /** Lets go of the queue while handlers may still run; what they hold stays theirs until they end. */
  abandon(): void {
    this.#release();
    this.#attempts.stop();
  }

  #release(): void {
    // The run that has closed it is watched until it ends.
    if (this.#attempts.held === 0) this.#attempts.stop();
    if (this.#released) return;
    this.#released = true;
    this.#consumption.stop();
    this.#endThrottle();
    if (this.#limits !== undefined) this.#dependencies.limits?.leave(this.name);
    this.#limits = undefined;
  }

  #use(record: SubscriptionRecord): void {
    this.#record = record;
    if (record.throttle !== undefined || record.concurrencyPerKey !== undefined) {
      this.#limits ??= this.#dependencies.limits?.join(record.name);
    }
    this.#limits?.use(record);
  }

  /** What its throttle leaves of a capacity; where that is nothing, it wakes the queue once there is something. */
  #unthrottled(capacity: number, limits: DeliveryLimits): number {
    const { clock, counters } = this.#dependencies;
    const now = clock.now();
    const free = Math.min(capacity, limits.free(now));
    if (free > 0 || this.#throttled !== undefined) return free;
    counters.throttled += 1;
    const wake = () => {
      this.#endThrottle();
      this.#consumption.wake();
    };
    // What waits in a queue of this process is lost if it ends before.
    this.#throttled = clock.setTimer(wake, limits.nextFreeAt(now) - now, { keepAlive: true });
    return 0;
  }

  #endThrottle(): void {
    if (this.#throttled === undefined) return;
    const { clock, counters } = this.#dependencies;
    clock.clearTimer(this.#throttled);
    this.#throttled = undefined;
    counters.throttled -= 1;
  }

  /** Begins a delivery, or gives it back for as long as its limits say. */
  #admit(delivery: Delivery, limits: DeliveryLimits): void {
    const now = this.#dependencies.clock.now();
    // What has expired takes no slot.
    const afterMs = hasExpired(delivery.event, now) ? 0 : limits.admit(delivery, now);
    if (afterMs > 0) this.#settle(delivery, { kind: "released", afterMs });
    else this.#attempts.begin(delivery, this.#record);
  }

  #ended(delivery: Delivery, outcome: Outcome, startedAt: number | undefined, endedAt: number | undefined): void {
    const { clock, counters, ephemeral } = this.#dependencies;
    this.#limits?.ended(delivery, clock.now(), outcome.kind !== "released");
    if (startedAt !== undefined && outcome.kind !== "released") {
      counters.handling.of(ephemeral === true ? "" : this.name).record((endedAt ?? clock.now()) - startedAt);
    }
    this.#settle(delivery, outcome, startedAt, endedAt);
    if (this.#waiting.length > 0) this.#tellWaiting();
    if (this.#released && this.#attempts.held === 0) this.#attempts.stop();
  }

  #tellWaiting(): void {
    const over = this.#waiting.filter(({ isOver }) => isOver());
    this.#waiting = this.#waiting.filter((one) => !over.includes(one));
    for (const { resolve } of over) resolve();
  }

  readonly #unrecorded = (thrown: unknown): void => this.unrecorded(toBusError(thrown));

  #settle(delivery: Delivery, outcome: Outcome, startedAt?: number, endedAt?: number): void {
    const settled = this.#dependencies.deliveries.settle(delivery, outcome, startedAt, endedAt);
    settled?.catch(this.#unrecorded);
    this.#consumption.wake();
  }
}
