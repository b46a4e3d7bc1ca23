import type { Delivery, Failure } from "../../engine/delivery.ts";
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
}
