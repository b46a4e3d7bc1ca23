import type { Delivery } from "../../engine/delivery.ts";
import type { Consumer, Consumption, DeliveryQueue } from "../../engine/delivery-queue.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";

/** What a consumer tells its session. */
export interface SessionConsumerEvents {
  deliver(consumer: SessionConsumer, delivery: Delivery): void;
  /** The settings are others than those told before. */
  settings(consumer: SessionConsumer, record: SubscriptionRecord): void;
  /** Whether the client can be sent something now. */
  connected(): boolean;
}

/** A consumer of a client, on the server's side: it takes as many deliveries as the client allows it to hold. */
export class SessionConsumer implements Consumer {
  readonly id: number;
  readonly #events: SessionConsumerEvents;
  readonly #consumption: Consumption;
  #limit = 0;
  #held = 0;
  #told: SubscriptionRecord | undefined;

  constructor(
    id: number,
    subscription: string,
    deliveries: Pick<DeliveryQueue, "consume">,
    events: SessionConsumerEvents,
  ) {
    this.id = id;
    this.#events = events;
    this.#consumption = deliveries.consume(subscription, this);
  }

  get settings(): SubscriptionRecord | undefined {
    return this.#consumption.settings;
  }

  /** How many deliveries the client may hold from now on. */
  allow(limit: number): void {
    this.#limit = limit;
    this.#tellSettings();
    this.#consumption.wake();
  }

  capacity(): number {
    this.#tellSettings();
    // A client that may be gone is handed nothing: it would count as an attempt.
    return this.#events.connected() ? Math.max(0, this.#limit - this.#held) : 0;
  }

  deliver(delivery: Delivery): void {
    this.#held += 1;
    this.#tellSettings();
    this.#events.deliver(this, delivery);
  }

  /** The client's own clock tells it what has expired. */
  expired(): void {}

  /** One of its deliveries is settled. */
  released(): void {
    this.#held -= 1;
    this.#consumption.wake();
  }

  /** The client is there again: it may have missed the settings. */
  connected(): void {
    this.#told = undefined;
    this.#tellSettings();
    this.#consumption.wake();
  }

  stop(): void {
    this.#limit = 0;
    this.#consumption.stop();
  }

  #tellSettings(): void {
    const { settings } = this;
    if (settings === undefined || settings === this.#told) return;
    this.#told = settings;
    this.#events.settings(this, settings);
  }
}
