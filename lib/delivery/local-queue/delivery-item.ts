import type { Delivery, Failure, PendingDelivery } from "../../engine/delivery.ts";
import type { Event } from "../../event/event.ts";
import type { Timer } from "../../runtime/clock.ts";
import type { PoolItem } from "../indexed-pool.ts";
import type { Queued } from "./priority-queue.ts";

const none: readonly Failure[] = Object.freeze([]);

/** Whether a delivery was queued again, and why. */
export interface Requeued {
  readonly redriven: boolean;
  readonly replayId: string | undefined;
}

/** Of a delivery that is queued for the first time. */
export const firstTime: Requeued = { redriven: false, replayId: undefined };

/** A delivery as a store keeps it: plain data. */
export interface StoredDelivery extends Requeued {
  readonly subscription: string;
  readonly event: Event;
  readonly order: number;
  readonly acceptedAt: number;
  /** Attempts begun so far, and those that failed, oldest first. */
  readonly attempt: number;
  readonly failures: readonly Failure[];
  /** Milliseconds since 1970 at which the next attempt is due; at once where absent. */
  readonly dueAt?: number | undefined;
  /** Whether its last attempt has begun and not ended. */
  readonly running: boolean;
}

/** A delivery on its way: one object from acceptance to its end, whatever the number of attempts. */
export class DeliveryItem implements Delivery, Queued, PoolItem {
  readonly subscription: string;
  readonly event: Event;
  readonly order: number;
  readonly acceptedAt: number;
  readonly redriven: boolean;
  readonly replayId: string | undefined;
  /** What it is ordered by; undefined where the subscription is not ordered. */
  readonly key: string | undefined;
  attempt = 0;
  failures: readonly Failure[] = none;
  poolIndex = -1;
  state: "waiting" | "blocked" | "delayed" | "running" = "waiting";
  dueAt = 0;
  timer: Timer = undefined;

  constructor(
    subscription: string,
    event: Event,
    order: number,
    acceptedAt: number,
    key: string | undefined,
    { redriven, replayId }: Requeued,
  ) {
    this.subscription = subscription;
    this.event = event;
    this.order = order;
    this.acceptedAt = acceptedAt;
    this.key = key;
    this.redriven = redriven;
    this.replayId = replayId;
  }

  get priority(): number {
    return this.event.metadata.priority;
  }

  /** Unlike any other of its engine, and the same as long as it is stored. */
  get id(): string {
    return `${this.order} ${this.subscription}`;
  }

  /** As a store keeps it. */
  stored(): StoredDelivery {
    const { subscription, event, order, acceptedAt, redriven, replayId, attempt, failures, state } = this;
    const dueAt = state === "delayed" ? this.dueAt : undefined;
    const running = state === "running";
    return { subscription, event, order, acceptedAt, redriven, replayId, attempt, failures, dueAt, running };
  }

  /** As `settled` and `flow` tell of it. */
  pending(): PendingDelivery {
    const lastError = this.failures.at(-1)?.message;
    return {
      subscription: this.subscription,
      eventId: this.event.id,
      type: this.event.type,
      state: this.state === "blocked" ? "waiting" : this.state,
      attempts: this.attempt,
      ...(this.state === "delayed" ? { dueAt: new Date(this.dueAt).toISOString() } : {}),
      ...(lastError === undefined ? {} : { lastError }),
    };
  }
}
