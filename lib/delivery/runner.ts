import type { Delivery, Outcome } from "../engine/delivery.ts";
import type { Consumer, Consumption, DeliveryQueue } from "../engine/delivery-queue.ts";
import { type BusError, toBusError } from "../error/bus-error.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";
import {
  type AttemptCounts,
  type AttemptRunner,
  Attempts,
  type AttemptsDependencies,
  type HandlerParts,
} from "./attempts.ts";
import { BatchAttempts } from "./batch-attempts.ts";

/** What a runner needs of its bus. */
export interface RunnerDependencies<Events> extends AttemptsDependencies<Events> {
  /** Hands deliveries over and records how they ended. */
  readonly deliveries: Pick<DeliveryQueue, "consume" | "settle">;
}

const released: Outcome = { kind: "released" };

/** Consumes a subscription: takes as many deliveries as it may run, and settles each once its attempt has ended. */
export class Runner<Events> implements Consumer {
  readonly #deliveries: Pick<DeliveryQueue, "settle">;
  readonly #onError: (error: BusError) => void;
  readonly #attempts: AttemptRunner;
  readonly #consumption: Consumption;
  #record: SubscriptionRecord;
  #paused = false;
  #closing = false;
  #idle: (() => void)[] = [];

  constructor(dependencies: RunnerDependencies<Events>, record: SubscriptionRecord, parts: HandlerParts) {
    const { deliveries } = dependencies;
    this.#deliveries = deliveries;
    this.#onError = (error) => dependencies.onError(error);
    this.#record = record;
    const ended = (delivery: Delivery, outcome: Outcome) => this.#ended(delivery, outcome);
    this.#attempts =
      parts.batch === undefined
        ? new Attempts(dependencies, parts, ended)
        : new BatchAttempts(dependencies, parts, parts.batch, ended);
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
  }

  resume(): void {
    this.#paused = false;
    this.#consumption.wake();
  }

  capacity(): number {
    if (this.#paused || this.#closing) return 0;
    this.#record = this.#consumption.settings ?? this.#record;
    return Math.max(0, this.#record.concurrency - this.#attempts.held);
  }

  deliver(delivery: Delivery): void {
    if (this.#closing) this.#settle(delivery, released);
    else this.#attempts.begin(delivery, this.#record);
  }

  expired(): void {
    this.#attempts.expired();
  }

  /** Takes nothing new and resolves when what runs has ended; `abort` has it end sooner. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#attempts.giveBack();
    if (this.#attempts.held > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.abandon();
  }

  /** Has every handler stop: its signal fires and it may publish no more. */
  abort(reason: BusError): void {
    this.#attempts.abort(reason);
  }

  /** Lets go of the queue while handlers may still run; what they hold stays theirs until they end. */
  abandon(): void {
    this.#consumption.stop();
    this.#attempts.stop();
  }

  #ended(delivery: Delivery, outcome: Outcome): void {
    this.#settle(delivery, outcome);
    if (this.#attempts.held === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #settle(delivery: Delivery, outcome: Outcome): void {
    const settled = this.#deliveries.settle(delivery, outcome);
    settled?.catch((thrown: unknown) => this.#onError(toBusError(thrown)));
    this.#consumption.wake();
  }
}
