import { failureCounts } from "../../delivery/failure-counts.ts";
import type { LocalEnding } from "../../delivery/local-queue/local-ending.ts";
import type { Delivery, EndedDelivery, FailureCount } from "../../engine/delivery.ts";
import { formatTime } from "../../event/time.ts";

/** What most deliveries do not have. */
interface Rest {
  readonly outcome: EndedDelivery["outcome"];
  readonly attempts: number;
  readonly failures: readonly FailureCount[];
  readonly replayId: string | undefined;
}

const firstSuccess: Rest = { outcome: "done", attempts: 1, failures: [], replayId: undefined };

/**
 * How the last `capacity` deliveries ended. A record is some array writes, without an object that would outlive its delivery:
 * the collector of garbage would have to move each.
 */
export class EndedDeliveries {
  readonly #capacity: number;
  readonly #flows: string[] = [];
  readonly #eventIds: string[] = [];
  readonly #subscriptions: string[] = [];
  readonly #endedAt: Float64Array;
  readonly #ranMs: Float64Array;
  readonly #totalMs: Float64Array;
  readonly #rest = new Map<number, Rest>();
  #count = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#endedAt = new Float64Array(capacity);
    this.#ranMs = new Float64Array(capacity);
    this.#totalMs = new Float64Array(capacity);
  }

  add(
    { acceptedAt, attempt, event, failures, replayId, subscription }: Delivery,
    { outcome, startedAt, failure }: LocalEnding,
    endedAt: number,
  ): void {
    const slot = this.#count % this.#capacity;
    this.#count += 1;
    this.#flows[slot] = event.metadata.correlationId;
    this.#eventIds[slot] = event.id;
    this.#subscriptions[slot] = subscription;
    this.#endedAt[slot] = endedAt;
    this.#ranMs[slot] = startedAt === undefined ? Number.NaN : Math.max(0, Math.round(endedAt - startedAt));
    this.#totalMs[slot] = Math.max(0, endedAt - acceptedAt);
    if (outcome === "done" && attempt === 1 && replayId === undefined) {
      if (this.#rest.size > 0) this.#rest.delete(slot);
      return;
    }
    const failed = failureCounts(failure === undefined ? failures : [...failures, failure]);
    this.#rest.set(slot, { outcome, attempts: attempt, failures: failed, replayId });
  }

  /** Of the deliveries of a flow, in the order in which they ended. */
  ofFlow(correlationId: string): EndedDelivery[] {
    const ended: EndedDelivery[] = [];
    for (let number = Math.max(0, this.#count - this.#capacity); number < this.#count; number += 1) {
      const slot = number % this.#capacity;
      if (this.#flows[slot] === correlationId) ended.push(this.#at(slot));
    }
    return ended;
  }

  clear(): void {
    this.#count = 0;
    for (const list of [this.#flows, this.#eventIds, this.#subscriptions]) list.length = 0;
    this.#rest.clear();
  }

  #at(slot: number): EndedDelivery {
    const { outcome, attempts, failures, replayId } = this.#rest.get(slot) ?? firstSuccess;
    const ranMs = this.#ranMs[slot] ?? Number.NaN;
    return {
      subscription: this.#subscriptions[slot] ?? "",
      eventId: this.#eventIds[slot] ?? "",
      ...(replayId === undefined ? {} : { replayId }),
      outcome,
      attempts,
      failures,
      endedAt: formatTime(this.#endedAt[slot] ?? 0),
      ...(Number.isNaN(ranMs) ? {} : { ranMs }),
      totalMs: this.#totalMs[slot] ?? 0,
    };
  }
}
