import type { Delivery, Failure } from "../../../engine/delivery.ts";
import type { Event } from "../../../event/event.ts";
import type { Subscription } from "../subscriptions/subscription-cache.ts";

/** Where a delivery's row is, besides its state. */
export interface RowKey {
  readonly sub: Subscription;
  readonly priority: number;
  readonly seq: number;
  /** 0 for the event itself; else which replay. */
  readonly replay: number;
}

/** A delivery that this process holds, with what it takes to find its row again. */
export class ClaimedDelivery implements Delivery, RowKey {
  readonly sub: Subscription;
  readonly priority: number;
  readonly seq: number;
  readonly replay: number;
  readonly event: Event;
  readonly attempt: number;
  readonly acceptedAt: number;
  readonly failures: readonly Failure[];
  readonly redriven: boolean;
  /** The key within which order is kept. */
  readonly ordering: string | undefined;
  /** Whether the event is kept until it is delivered, and no longer. */
  readonly transient: boolean;
  /** Whether a consumer has it. */
  held = false;

  constructor(
    key: RowKey,
    event: Event,
    row: {
      attempt: number;
      acceptedAt: number;
      failures: readonly Failure[];
      redriven: boolean;
      ordering: string | undefined;
      transient: boolean;
    },
  ) {
    this.sub = key.sub;
    this.priority = key.priority;
    this.seq = key.seq;
    this.replay = key.replay;
    this.event = event;
    this.attempt = row.attempt;
    this.acceptedAt = row.acceptedAt;
    this.failures = row.failures;
    this.redriven = row.redriven;
    this.ordering = row.ordering;
    this.transient = row.transient;
  }

  get subscription(): string {
    return this.sub.record.name;
  }
}
