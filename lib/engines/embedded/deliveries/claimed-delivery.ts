import type { Delivery, Failure } from "../../../engine/delivery.ts";
import type { Consumer } from "../../../engine/delivery-queue.ts";
import type { Event } from "../../../event/event.ts";
import type { Subscription } from "../subscriptions/subscription-cache.ts";

/** Where a delivery's row is, besides its state. */
export interface RowKey {
  readonly sub: Subscription;
  readonly priority: number;
  readonly seq: number;
  /** 0 for the event itself; else the number of the replay. */
  readonly replay: number;
}

/** What a claimed delivery takes over of its row. */
export interface ClaimedRow {
  readonly attempt: number;
  readonly acceptedAt: number;
  readonly failures: readonly Failure[];
  readonly redriven: boolean;
  readonly replayId: string | undefined;
  readonly ordering: string | undefined;
  readonly transient: boolean;
}

/** A delivery that this process has claimed, with what it takes to find its row again. */
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
  readonly replayId: string | undefined;
  /** The key within which order is kept. */
  readonly ordering: string | undefined;
  /** Whether the event is kept until it is delivered, and no longer. */
  readonly transient: boolean;
  /** The consumer that has it, until it is settled. */
  consumer: Consumer | undefined = undefined;

  constructor(key: RowKey, event: Event, row: ClaimedRow) {
    this.sub = key.sub;
    this.priority = key.priority;
    this.seq = key.seq;
    this.replay = key.replay;
    this.event = event;
    this.attempt = row.attempt;
    this.acceptedAt = row.acceptedAt;
    this.failures = row.failures;
    this.redriven = row.redriven;
    this.replayId = row.replayId;
    this.ordering = row.ordering;
    this.transient = row.transient;
  }

  get subscription(): string {
    return this.sub.record.name;
  }
}
