import { failureCounts } from "../../delivery/failure-counts.ts";
import type { Delivery, EndedDelivery, EndedSample, Failure, FailureCount } from "../../engine/delivery.ts";
import { formatTime } from "../../event/time.ts";

/** What most deliveries do not have. */
interface Rest {
  readonly outcome: EndedDelivery["outcome"];
  readonly attempts: number;
  readonly failures: readonly FailureCount[];
  readonly replayId: string | undefined;
}

const firstSuccess: Rest = { outcome: "done", attempts: 1, failures: [], replayId: undefined };

/** Texts and numbers that are kept of each. */
const width = 3;

/**
 * How the last `capacity` deliveries ended. A record is some array writes, without an object that would outlive its delivery:
 * the collector of garbage would have to move each.
 */
export class EndedDeliveries {
  readonly #capacity: number;
  /** Of each: its flow, its event and its subscription. */
  readonly #texts: string[] = [];
  /** Of each: when it ended, how long its handler ran (NaN where it did not), and how long all took. */
  readonly #numbers: Float64Array;
  readonly #rest = new Map<number, Rest>();
  /** The slot of the next, and whether every slot has been used. */
  #next = 0;
  #full = false;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#numbers = new Float64Array(capacity * width);
  }

  add(
    { acceptedAt, attempt, event, failures, replayId, subscription }: Delivery,
    outcome: EndedDelivery["outcome"],
    startedAt: number | undefined,
    endedAt: number,
    failure: Failure | undefined,
  ): void {
    const slot = this.#next;
    const first = slot * width;
    const texts = this.#texts;
    texts[first] = event.metadata.correlationId;
    texts[first + 1] = event.id;
    texts[first + 2] = subscription;
    const numbers = this.#numbers;
    numbers[first] = endedAt;
    numbers[first + 1] = startedAt === undefined ? Number.NaN : Math.max(0, Math.round(endedAt - startedAt));
    numbers[first + 2] = Math.max(0, endedAt - acceptedAt);
    this.#next = slot + 1;
    if (this.#next === this.#capacity) {
      this.#next = 0;
      this.#full = true;
    }
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
    const oldest = this.#full ? this.#next : 0;
    const count = this.#full ? this.#capacity : this.#next;
    for (let number = oldest; number < oldest + count; number += 1) {
      const slot = number % this.#capacity;
      if (this.#texts[slot * width] === correlationId) ended.push(this.#at(slot));
    }
    return ended;
  }

  /** The last ones that ended at or after a time. */
  since(time: number, limit: number): EndedSample[] {
    const samples: EndedSample[] = [];
    const count = Math.min(limit, this.#full ? this.#capacity : this.#next);
    for (let back = 1; back <= count; back += 1) {
      const slot = (this.#next - back + this.#capacity) % this.#capacity;
      const first = slot * width;
      const endedAt = this.#numbers[first] ?? 0;
      if (endedAt < time) break;
      const { failures, outcome } = this.#rest.get(slot) ?? firstSuccess;
      const ranMs = this.#numbers[first + 1] ?? Number.NaN;
      samples.push({
        subscription: this.#texts[first + 2] ?? "",
        outcome,
        failures: failures.reduce((sum, { count: times }) => sum + times, 0),
        endedAt,
        ...(Number.isNaN(ranMs) ? {} : { ranMs }),
        totalMs: this.#numbers[first + 2] ?? 0,
      });
    }
    return samples;
  }

  clear(): void {
    this.#next = 0;
    this.#full = false;
    this.#texts.length = 0;
    this.#rest.clear();
  }

  #at(slot: number): EndedDelivery {
    const { outcome, attempts, failures, replayId } = this.#rest.get(slot) ?? firstSuccess;
    const first = slot * width;
    const ranMs = this.#numbers[first + 1] ?? Number.NaN;
    return {
      subscription: this.#texts[first + 2] ?? "",
      eventId: this.#texts[first + 1] ?? "",
      ...(replayId === undefined ? {} : { replayId }),
      outcome,
      attempts,
      failures,
      endedAt: formatTime(this.#numbers[first] ?? 0),
      ...(Number.isNaN(ranMs) ? {} : { ranMs }),
      totalMs: this.#numbers[first + 2] ?? 0,
    };
  }
}
