import type { DatabaseSync, StatementSync } from "node:sqlite";
import { BusError, toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import { formatTime } from "../../../event/time.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import type { Events, StoredEvent } from "../publishing/event-table.ts";
import { integer, optionalInteger, optionalText, readableFailures } from "../storage/rows.ts";
import { isBusy } from "../storage/sqlite-error.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import { ClaimedDelivery, type RowKey } from "./claimed-delivery.ts";
import type { ConsumerSlots } from "./consumer-slots.ts";
import type { DeliveryTable } from "./delivery-table.ts";
import type { FairShare } from "./fair-share.ts";
import type { Replays } from "./replays.ts";

export interface ClaimsDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly queue: DeliveryTable;
  readonly events: Events;
  readonly consumers: ConsumerSlots;
  readonly deadLetters: DeadLetterTable;
  readonly replays: Replays;
  readonly fairShare: FairShare;
  readonly owner: number;
  onError(error: BusError): void;
}

/** Takes ready deliveries for the consumers of this process, within a transaction. */
export class Claims {
  readonly #host: ClaimsDependencies;
  readonly #ready: StatementSync;

  constructor(db: DatabaseSync, host: ClaimsDependencies) {
    this.#host = host;
    this.#ready = db.prepare(
      `SELECT priority, seq, replay, attempts, ordering, queued, redriven, failures FROM deliveries
       WHERE sub = ? AND state = 0 ORDER BY priority, seq, replay LIMIT ?`,
    );
  }

  /** Whether there is something to claim, or to tell those who also claim, as far as this process knows. */
  wanted(): boolean {
    try {
      return this.#takers().length > 0 || this.#host.fairShare.wanted();
    } catch (thrown) {
      // What this process holds could not be read outside of a transaction; within one it waits for the lock.
      return isBusy(thrown);
    }
  }

  /** Claims for all consumers, at most `limit`, shared out so that a long queue does not starve the others. */
  take(limit: number, now: number): void {
    const { subscriptionCache, fairShare } = this.#host;
    fairShare.update(now);
    const takers = this.#takers();
    const share = Math.ceil(limit / Math.max(1, takers.length));
    for (const sub of takers) {
      const rows = this.#ready.all(sub.id, Math.min(share, fairShare.room(sub)));
      // What is counted must not stay above what is there, or this process would look for it without end.
      if (rows.length === 0) subscriptionCache.touch(sub).ready = 0;
      for (const row of rows) this.#claim(sub, row, now);
      // One that could not be read may have let the next of its key go.
      if (sub.depth.ready > 0) subscriptionCache.maybeReady.add(sub);
    }
  }

  #takers(): Subscription[] {
    const { subscriptionCache, fairShare } = this.#host;
    const takers: Subscription[] = [];
    for (const sub of subscriptionCache.maybeReady) {
      if (sub.depth.ready === 0 || subscriptionCache.byId(sub.id) !== sub) subscriptionCache.maybeReady.delete(sub);
      else if (fairShare.room(sub) > 0) takers.push(sub);
    }
    return takers;
  }

  #claim(sub: Subscription, row: Readonly<Record<string, unknown>>, now: number): void {
    const { consumers, queue, owner, replays } = this.#host;
    const slot = consumers.slot(sub);
    if (slot === undefined) return;
    const key = { sub, priority: integer(row.priority), seq: integer(row.seq), replay: integer(row.replay) };
    queue.claim(key, owner);
    const attempt = integer(row.attempts) + 1;
    const ordering = optionalText(row.ordering);
    const queued = optionalInteger(row.queued);
    let stored: StoredEvent;
    let event: Event;
    try {
      stored = this.#read(key.seq);
      event = replays.mark(stored.event, key.replay);
    } catch (thrown) {
      this.#deadLetter(key, { attempts: attempt, acceptedAt: queued ?? now, error: toBusError(thrown), now });
      if (ordering !== undefined) queue.promote(sub, ordering);
      return;
    }
    consumers.hand(
      slot,
      new ClaimedDelivery(key, event, {
        attempt,
        acceptedAt: queued ?? stored.accepted,
        failures: readableFailures(row.failures),
        redriven: optionalInteger(row.redriven) === 1,
        ordering,
        transient: !stored.history,
      }),
    );
  }

  #read(seq: number): StoredEvent {
    const stored = this.#host.events.bySeq(seq);
    if (stored !== undefined) return stored;
    throw new BusError("unavailable", `the event of a delivery is not stored: place ${seq}`, { retryable: false });
  }

  /** A row that cannot be read is not met again and again: it becomes a dead letter that holds what is left of it. */
  #deadLetter(key: RowKey, { acceptedAt, attempts, error, now }: Unreadable): void {
    const { deadLetters, events, onError, owner, queue } = this.#host;
    const at = formatTime(now);
    const reason = { code: "invalid_event", message: error.message, at, attempt: 0 };
    const { id, body } = events.raw(key.seq) ?? { id: `lost-${key.seq}`, body: null };
    deadLetters.insert({
      subscription: key.sub.record.name,
      replay: key.replay,
      event: {
        id,
        type: "custom.unreadable",
        source: "waggle",
        time: at,
        data: { stored: body },
        metadata: { version: 1, correlationId: id, priority: key.priority },
      },
      reason,
      attempts,
      failures: [reason],
      acceptedAt,
      diedAt: now,
    });
    queue.deleteClaimed(key, owner);
    // Does nothing for an event that is in history.
    events.releaseTransient(key.seq);
    onError(error);
  }
}

interface Unreadable {
  readonly attempts: number;
  readonly acceptedAt: number;
  readonly error: BusError;
  readonly now: number;
}
