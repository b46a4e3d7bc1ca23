import type { DatabaseSync, StatementSync } from "node:sqlite";
import { BusError, toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import { formatTime } from "../../../event/time.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import type { EventTable, StoredEvent } from "../publishing/event-table.ts";
import { integer, optionalInteger, optionalText, readableFailures } from "../storage/rows.ts";
import { isBusy } from "../storage/sqlite-error.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import { ClaimedDelivery, type RowKey } from "./claimed-delivery.ts";
import type { ConsumerSlots } from "./consumer-slots.ts";
import type { DeliveryTable } from "./delivery-table.ts";
import type { DeliveryEnqueuer } from "./enqueue.ts";
import type { FairShare } from "./fair-share.ts";
import { asDelivered, type Replays } from "./replays.ts";

export interface ClaimsDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly queue: DeliveryTable;
  readonly events: EventTable;
  readonly consumers: ConsumerSlots;
  readonly deadLetters: DeadLetterTable;
  readonly replays: Replays;
  readonly fairShare: FairShare;
  readonly enqueuer: Pick<DeliveryEnqueuer, "isFilling">;
  /** This process. */
  readonly processId: number;
  onError(error: BusError): void;
}

/** Claims ready deliveries for the consumers of this process. */
export class Claims {
  readonly #dependencies: ClaimsDependencies;
  readonly #ready: StatementSync;

  constructor(db: DatabaseSync, dependencies: ClaimsDependencies) {
    this.#dependencies = dependencies;
    this.#ready = db.prepare(
      `SELECT priority, seq, replay, attempts, ordering, queued, redriven, failures FROM deliveries
       WHERE sub = ? AND state = 0 ORDER BY priority, seq, replay LIMIT ?`,
    );
  }

  /** Whether there is something to claim, or to tell those who also claim, as far as this process knows. */
  wanted(): boolean {
    try {
      return this.#claimable().length > 0 || this.#dependencies.fairShare.wanted();
    } catch (thrown) {
      // What this process holds could not be read outside of a transaction; within one it waits for the lock.
      return isBusy(thrown);
    }
  }

  /**
   * Within a transaction: claims for all consumers, at most `limit`, divided between the subscriptions so that a long queue
   * does not hold up the others.
   */
  claimReady(limit: number, now: number): void {
    const { subscriptionCache, fairShare } = this.#dependencies;
    fairShare.update(now);
    const claimable = this.#claimable();
    const share = Math.ceil(limit / Math.max(1, claimable.length));
    for (const sub of claimable) {
      const rows = this.#ready.all(sub.id, Math.min(share, fairShare.room(sub)));
      // The count must not stay above the number of rows, or this process would try to claim without end.
      if (rows.length === 0) subscriptionCache.touch(sub).ready = 0;
      for (const row of rows) this.#claim(sub, row, now);
      // One that could not be read may have made the next of its key ready.
      if (sub.depth.ready > 0) subscriptionCache.maybeReady.add(sub);
    }
  }

  /** The subscriptions of which there is something ready that this process may claim. */
  #claimable(): Subscription[] {
    const { subscriptionCache, enqueuer, fairShare } = this.#dependencies;
    const claimable: Subscription[] = [];
    for (const sub of subscriptionCache.maybeReady) {
      if (sub.depth.ready === 0 || subscriptionCache.byId(sub.id) !== sub) subscriptionCache.maybeReady.delete(sub);
      else if (!enqueuer.isFilling(sub) && fairShare.room(sub) > 0) claimable.push(sub);
    }
    return claimable;
  }

  #claim(sub: Subscription, row: Readonly<Record<string, unknown>>, now: number): void {
    const { consumers, queue, processId, replays } = this.#dependencies;
    const slot = consumers.free(sub);
    if (slot === undefined) return;
    const key = { sub, priority: integer(row.priority), seq: integer(row.seq), replay: integer(row.replay) };
    queue.claim(key, processId);
    const attempt = integer(row.attempts) + 1;
    const ordering = optionalText(row.ordering);
    const queued = optionalInteger(row.queued);
    const failures = readableFailures(row.failures);
    let stored: StoredEvent;
    let event: Event;
    let replayId: string | undefined;
    try {
      stored = this.#read(key.seq);
      replayId = replays.idOf(key.replay);
      event = asDelivered(stored.event, replayId);
    } catch (thrown) {
      const error = toBusError(thrown);
      this.#deadLetterUnreadable(key, { attempt, acceptedAt: queued ?? now, failures }, error, now);
      if (ordering !== undefined) queue.promote(sub, ordering, now);
      return;
    }
    consumers.reserve(
      slot,
      new ClaimedDelivery(key, event, {
        attempt,
        acceptedAt: queued ?? stored.acceptedAt,
        failures,
        redriven: optionalInteger(row.redriven) === 1,
        replayId,
        ordering,
        transient: !stored.history,
      }),
    );
  }

  #read(seq: number): StoredEvent {
    const stored = this.#dependencies.events.bySeq(seq);
    if (stored !== undefined) return stored;
    throw new BusError("unavailable", `the event of a delivery is not stored: position ${seq}`, { retryable: false });
  }

  /** A row that cannot be read must not be met again and again: it becomes a dead letter that holds what is left of it. */
  #deadLetterUnreadable(
    key: RowKey,
    row: Pick<ClaimedDelivery, "attempt" | "acceptedAt" | "failures">,
    error: BusError,
    now: number,
  ): void {
    const { deadLetters, events, onError, processId, queue } = this.#dependencies;
    const at = formatTime(now);
    const { id, body } = events.raw(key.seq) ?? { id: `lost-${key.seq}`, body: null };
    const event: Event = {
      id,
      type: "custom.unreadable",
      source: "waggle",
      time: at,
      data: { stored: body },
      metadata: { version: 1, correlationId: id, priority: key.priority },
    };
    const reason = { code: "invalid_event", message: error.message, at, attempt: 0 } as const;
    const delivery = { ...row, subscription: key.sub.record.name, event, replayId: this.#readableReplayId(key.replay) };
    deadLetters.add(delivery, reason, now);
    queue.deleteClaimed(key, processId);
    // Does nothing for an event that is in history.
    events.releaseTransient(key.seq);
    onError(error);
  }

  #readableReplayId(replay: number): string | undefined {
    try {
      return this.#dependencies.replays.idOf(replay);
    } catch {
      return undefined;
    }
  }
}
