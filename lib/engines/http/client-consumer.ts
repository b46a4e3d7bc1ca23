import type { Delivery } from "../../engine/delivery.ts";
import type { Consumer } from "../../engine/delivery-queue.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { freezeEvent } from "./freeze.ts";

/** A consumer of this process, with what the server was told of it. */
export class ClientConsumer {
  readonly id: number;
  readonly subscription: string;
  readonly #consumer: Consumer;
  /** As the server told them last. */
  settings: SubscriptionRecord | undefined;
  /** Deliveries that it has. */
  held = 0;
  /** How many it may hold in all. */
  limit = 0;

  constructor(id: number, subscription: string, consumer: Consumer) {
    this.id = id;
    this.subscription = subscription;
    this.#consumer = consumer;
  }

  capacity(): number {
    return this.#consumer.capacity();
  }

  /** Reads the limit anew. False where it is the same. */
  changeLimit(): boolean {
    const before = this.limit;
    const capacity = this.capacity();
    this.limit = this.held + (Number.isFinite(capacity) ? Math.max(0, capacity) : 1_000);
    return this.limit !== before;
  }

  deliver(delivery: Delivery): void {
    freezeEvent(delivery.event);
    this.#consumer.deliver(delivery);
  }
}
