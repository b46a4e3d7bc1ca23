import type { Delivery, Failure } from "../../../engine/delivery.ts";
import type { Event } from "../../../event/event.ts";
import type { Subscription } from "../subscriptions/subscription-cache.ts";

/** What a claimed delivery takes over of its row. */
export interface ClaimedRow {
  readonly sub: Subscription;
  readonly seq: number;
  /** 0 for the event itself; else the number of the replay. */
  readonly replay: number;
  /** The process in whose name it was claimed. */
  readonly owner: number;
  readonly attempt: number;
  readonly acceptedAt: number;
  readonly failures: readonly Failure[];
  readonly redriven: boolean;
  readonly replayId: string | undefined;
  readonly ordered: boolean;
}

/** A delivery that this process has claimed, with what it takes to find its row again. */
export class ClaimedDelivery implements Delivery {
  readonly row: ClaimedRow;
  readonly event: Event;
  /** Whether a consumer has it. */
  held = false;

  constructor(row: ClaimedRow, event: Event) {
    this.row = row;
    this.event = event;
  }

  get subscription(): string {
    return this.row.sub.record.name;
  }
  get attempt(): number {
    return this.row.attempt;
  }
  get acceptedAt(): number {
    return this.row.acceptedAt;
  }
  get failures(): readonly Failure[] {
    return this.row.failures;
  }
  get redriven(): boolean {
    return this.row.redriven;
  }
  get replayId(): string | undefined {
    return this.row.replayId;
  }
}

/** The delivery of an event that was just published, claimed as it was queued. */
export function firstAttempt(row: Pick<ClaimedRow, "sub" | "seq" | "owner" | "acceptedAt">): ClaimedRow {
  const { sub } = row;
  const first = { replay: 0, attempt: 1, failures: [], redriven: false, replayId: undefined };
  return { ...row, ...first, ordered: sub.keyOf !== undefined };
}
