import { AttemptOutcomes, hasExpired } from "../../delivery/attempt-outcomes.ts";
import type { DeliveryLimits, LimitRegistry } from "../../delivery/limits/delivery-limits.ts";
import type { Delivery, Outcome } from "../../engine/delivery.ts";
import type { Consumer, Consumption } from "../../engine/delivery-queue.ts";
import { toBusError } from "../../error/bus-error.ts";
import type { Event } from "../../event/event.ts";
import type { Timer } from "../../runtime/clock.ts";
import { withFields } from "../../runtime/logger.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import type { ServedBus } from "../served-bus.ts";
import type { HeldDeliveries, HeldDelivery } from "./held-deliveries.ts";

/** A request that waits for deliveries. */
interface WaitingPull {
  readonly max: number;
  readonly got: HeldDelivery[];
  readonly answer: () => void;
}

/** Milliseconds after the last pull for which the subscription is still consumed: the next pull mostly comes at once. */
const lingerMs = 5_000;

/** Milliseconds between two looks whether the subscription that somebody waits for was deleted by another process. */
const lookMs = 500;

/** Milliseconds that an engine has in any case to hand over what there is: one that writes to a disk needs some of them. */
const shortestWaitMs = 100;

/** Consumes a subscription for the clients that pull from it: it takes what they ask for, and no more. */
export class PullConsumer implements Consumer {
  readonly #served: ServedBus;
  readonly #held: HeldDeliveries;
  readonly #limits: LimitRegistry;
  readonly #name: string;
  readonly #outcomes: AttemptOutcomes;
  readonly #consumption: Consumption;
  readonly #idle: () => void;
  readonly #waiting = new Set<WaitingPull>();
  readonly #running = new Set<Delivery>();
  #ownLimits: DeliveryLimits | undefined;
  #record: SubscriptionRecord | undefined;
  #throttled: Timer;
  #lingering: Timer;
  #looking: Timer;
  #stopped = false;
  #deleted = false;

  /** `idle` is called once, when it has stopped because nobody pulls any more. */
  constructor(name: string, served: ServedBus, held: HeldDeliveries, limits: LimitRegistry, idle: () => void) {
    this.#name = name;
    this.#served = served;
    this.#held = held;
    this.#limits = limits;
    this.#idle = idle;
    this.#outcomes = new AttemptOutcomes(served);
    this.#consumption = served.engine.deliveries.consume(name, this);
  }

  /** The settings; `undefined` once the subscription is deleted. */
  get settings(): SubscriptionRecord | undefined {
    return this.#deleted ? undefined : this.#consumption.settings;
  }

  /**
   * Up to `max` deliveries, as soon as there is one; none where there is none in time, or where the signal fires: what was
   * taken until then returns.
   */
  pull(max: number, waitMs: number, signal: AbortSignal): Promise<HeldDelivery[]> {
    const { clock } = this.#served;
    clock.clearTimer(this.#lingering);
    return new Promise((resolve) => {
      const end = () => {
        if (!this.#waiting.delete(pull)) return;
        clock.clearTimer(timer);
        signal.removeEventListener("abort", end);
        if (signal.aborted) for (const held of pull.got.splice(0)) this.#quietly(this.giveBack(held));
        this.#linger();
        resolve(pull.got);
      };
      const pull: WaitingPull = { max, got: [], answer: end };
      const timer = clock.setTimer(end, Math.max(waitMs, shortestWaitMs));
      this.#waiting.add(pull);
      signal.addEventListener("abort", end, { once: true });
      if (signal.aborted) end();
      else this.#consumption.wake();
      this.#lookForDeletion();
    });
  }

  capacity(): number {
    const { settings } = this;
    if (this.#stopped || settings === undefined) return 0;
    if (settings !== this.#record) this.#use(settings);
    let wanted = 0;
    for (const { max, got } of this.#waiting) wanted += max - got.length;
    const free = Math.max(0, Math.min(wanted, settings.concurrency - this.#running.size));
    return this.#ownLimits === undefined || free === 0 ? free : this.#unthrottled(free, this.#ownLimits);
  }

  deliver(delivery: Delivery): void {
    const { clock, counters } = this.#served;
    const now = clock.now();
    const record = this.settings ?? this.#record;
    const pull = [...this.#waiting].find(({ max, got }) => got.length < max);
    if (record === undefined || pull === undefined) {
      this.#quietly(this.#settle(delivery, { kind: "released" }));
      return;
    }
    const afterMs =
      this.#ownLimits === undefined || hasExpired(delivery.event, now) ? 0 : this.#ownLimits.admit(delivery, now);
    if (afterMs > 0) {
      this.#quietly(this.#settle(delivery, { kind: "released", afterMs }));
      return;
    }
    this.#running.add(delivery);
    if (!this.#outcomes.begin(delivery, now)) {
      this.#quietly(this.#ended(delivery, { kind: "dropped" }));
      return;
    }
    counters.running += 1;
    const event = this.#newest(delivery, record);
    if (event === undefined) return;
    pull.got.push(this.#held.add(delivery, event, record));
    if (pull.got.length === pull.max) pull.answer();
    // What the engine hands over in one go is answered in one go.
    else if (pull.got.length === 1) setImmediate(pull.answer);
  }

  expired(): void {
    this.#outcomes.expired();
  }

  /** Records that the client has succeeded. Resolves once that is kept; rejects where it was not, and the delivery comes again. */
  async succeeded({ delivery, record, startedAt }: HeldDelivery): Promise<void> {
    await this.#end(delivery, this.#outcomes.succeeded(this.#attempt(delivery, record)), startedAt);
  }

  /** Records that it has failed; the error says whether and when it is attempted again. Resolves and rejects as {@link succeeded}. */
  async failed({ delivery, record, startedAt }: HeldDelivery, thrown: unknown): Promise<void> {
    await this.#end(delivery, this.#outcomes.failed(this.#attempt(delivery, record), thrown), startedAt);
  }

  /** Lets a delivery return to the queue, its attempt not counted. Resolves and rejects as {@link succeeded}. */
  async giveBack(held: HeldDelivery): Promise<void> {
    this.#held.remove(held.receipt);
    await this.#end(held.delivery, { kind: "released" });
  }

  /** Its subscription is deleted, which the engine may not have noticed yet: answers who waits. */
  deleted(): void {
    this.#deleted = true;
    for (const { answer } of this.#waiting) answer();
  }

  /** Answers who waits and takes no more; what clients have stays theirs. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const { answer } of this.#waiting) answer();
    this.#served.clock.clearTimer(this.#lingering);
    this.#served.clock.clearTimer(this.#looking);
    this.#endThrottle();
    this.#consumption.stop();
    if (this.#ownLimits !== undefined) this.#limits.leave(this.#name);
    this.#ownLimits = undefined;
  }

  /** Who waits is answered once the engine has noticed that the subscription is gone. */
  #lookForDeletion(): void {
    if (this.#stopped || this.#waiting.size === 0 || this.#looking !== undefined) return;
    this.#looking = this.#served.clock.setTimer(() => {
      this.#looking = undefined;
      if (this.settings === undefined) this.deleted();
      else this.#lookForDeletion();
    }, lookMs);
  }

  #linger(): void {
    if (this.#stopped || this.#waiting.size > 0) return;
    const { clock } = this.#served;
    clock.clearTimer(this.#lingering);
    this.#lingering = clock.setTimer(() => {
      if (this.#waiting.size > 0 || this.#stopped) return;
      // Its limits are counted until the last of its deliveries has ended.
      if (this.#running.size > 0) this.#linger();
      else {
        this.stop();
        this.#idle();
      }
    }, lingerMs);
  }

  /** The event as consumers see it; what cannot be brought to the newest version has failed. */
  #newest(delivery: Delivery, record: SubscriptionRecord): Event | undefined {
    try {
      return this.#served.catalog.upcast(delivery.event);
    } catch (thrown) {
      this.#quietly(this.#end(delivery, this.#outcomes.failed(this.#attempt(delivery, record), thrown)));
      return undefined;
    }
  }

  #attempt(delivery: Delivery, record: SubscriptionRecord) {
    const { event, subscription, attempt } = delivery;
    const log = withFields(this.#served.logger, { subscription, attempt, eventId: event.id, type: event.type });
    return { delivery, record, aborted: undefined, log };
  }

  #end(delivery: Delivery, outcome: Outcome, startedAt?: number): Promise<void> {
    this.#served.counters.running -= 1;
    return this.#ended(delivery, outcome, startedAt);
  }

  #ended(delivery: Delivery, outcome: Outcome, startedAt?: number): Promise<void> {
    this.#running.delete(delivery);
    this.#ownLimits?.ended(delivery, this.#served.clock.now(), outcome.kind !== "released");
    return this.#settle(delivery, outcome, startedAt);
  }

  async #settle(delivery: Delivery, outcome: Outcome, startedAt?: number): Promise<void> {
    try {
      await this.#served.engine.deliveries.settle(delivery, outcome, startedAt);
    } finally {
      this.#consumption.wake();
    }
  }

  /** For what nobody waits for. */
  #quietly(settled: Promise<void>): void {
    settled.catch((thrown: unknown) => this.#served.onError(toBusError(thrown)));
  }

  #use(record: SubscriptionRecord): void {
    this.#record = record;
    if (record.throttle !== undefined || record.concurrencyPerKey !== undefined) {
      this.#ownLimits ??= this.#limits.join(this.#name);
    }
    this.#ownLimits?.use(record);
  }

  #unthrottled(capacity: number, limits: DeliveryLimits): number {
    const { clock } = this.#served;
    const now = clock.now();
    const free = Math.min(capacity, limits.free(now));
    if (free > 0 || this.#throttled !== undefined) return free;
    const wake = () => {
      this.#throttled = undefined;
      this.#consumption.wake();
    };
    this.#throttled = clock.setTimer(wake, limits.nextFreeAt(now) - now);
    return 0;
  }

  #endThrottle(): void {
    this.#served.clock.clearTimer(this.#throttled);
    this.#throttled = undefined;
  }
}
