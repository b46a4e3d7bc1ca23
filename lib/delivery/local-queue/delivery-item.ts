import type { Delivery, Failure, PendingDelivery } from "../../engine/delivery.ts";
import type { Event } from "../../event/event.ts";
import type { Timer } from "../../runtime/clock.ts";
import type { PoolItem } from "../indexed-pool.ts";
import type { Queued } from "./priority-queue.ts";

const none: readonly Failure[] = Object.freeze([]);

/** Whether a delivery was queued again, and why. */
export interface Requeued {
  /** Whether it was redriven from the dead letters. */
  readonly redriven: boolean;
  /** The replay that it belongs to. */
  readonly replayId: string | undefined;
}

/** Of a delivery that is queued for the first time. */
export const firstTime: Requeued = { redriven: false, replayId: undefined };

/** A delivery as a store keeps it: plain data. */
export interface StoredDelivery extends Requeued {
  /** The subscription that it goes to. */
  readonly subscription: string;
  /** The event, with `metadata.replay` if it is replayed. */
  readonly event: Event;
  /** Its position in the order of acceptance, unique among the deliveries of a subscription. */
  readonly order: number;
  /** Milliseconds since 1970 at which the event was accepted, or the replay was queued. */
  readonly acceptedAt: number;
  /** Attempts begun so far. */
  readonly attempt: number;
  /** Attempts that failed, oldest first. */
  readonly failures: readonly Failure[];
  /** Milliseconds since 1970 at which the next attempt is due; at once where absent. */
  readonly dueAt?: number | undefined;
  /** Whether its last attempt has begun and not ended. */
  readonly running: boolean;
}

/** A delivery on its way: one object from acceptance to its end, whatever the number of attempts. */
export class DeliveryItem implements Delivery, Queued, PoolItem {
  readonly subscription: string;
  /** Another one once its data was erased. */
  event: Event;
  readonly order: number;
  readonly acceptedAt: number;
  readonly redriven: boolean;
  readonly replayId: string | undefined;
  /** What it is ordered by; undefined where the subscription is not ordered. */
  readonly key: string | undefined;
  attempt = 0;
  failures: readonly Failure[] = none;
  poolIndex = -1;
  /** `blocked`: waits behind an earlier delivery of its key. */
  state: "waiting" | "blocked" | "delayed" | "running" = "waiting";
  /** Milliseconds since 1970 at which it is due; only meaningful while it is `delayed`. */
  dueAt = 0;
  /** Ends its delay. */
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
