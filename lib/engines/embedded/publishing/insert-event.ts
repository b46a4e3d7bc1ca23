import { contentDigest } from "../../../engine/content-digest.ts";
import { idConflict } from "../../../engine/errors.ts";
import type { Appended } from "../../../engine/event-log.ts";
import { sameContent } from "../../../engine/same-content.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import type { PendingPublish } from "../../../publish/publish-queue.ts";
import type { DeliveryEnqueuer } from "../deliveries/enqueue.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { EventTable, SeenId, StoredEvent } from "./event-table.ts";

export interface InsertEventDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly events: EventTable;
  readonly enqueuer: DeliveryEnqueuer;
  /** Milliseconds for which ids outside of history are remembered. */
  readonly retention: number;
}

/** Stores one event and its deliveries, within a transaction; gives the error where the event is refused. */
export function insertEvent(
  dependencies: InsertEventDependencies,
  { entry, body }: Pick<PendingPublish, "entry" | "body">,
  now: number,
): Appended | BusError {
  const { enqueuer, events, subscriptionCache } = dependencies;
  const { event } = entry;
  let seen: SeenId | undefined;
  if (entry.ownId) {
    let stored: StoredEvent | undefined;
    try {
      stored = events.byId(event.id);
    } catch (thrown) {
      // The stored one cannot be read: this publish fails, and the others of its group go on.
      return toBusError(thrown);
    }
    if (stored !== undefined) {
      return sameContent(stored.event, event) ? { event: stored.event, duplicate: true } : idConflict(event);
    }
    seen = events.seen(event.id, now);
    if (seen?.digest !== undefined) {
      return seen.digest === contentDigest(event) ? { event, duplicate: true } : idConflict(event);
    }
  }
  const routed = subscriptionCache.route(event);
  const subs = seen === undefined ? routed : routed.filter((sub) => !succeededIn(sub, seen));
  const acceptedAt = Math.min(entry.acceptedAt ?? now, now);
  if (entry.history) {
    const stored = { event, seq: events.insert(event, body, acceptedAt, entry.ownId), acceptedAt, history: true };
    for (const sub of subs) if (!sub.filling) enqueuer.enqueue(sub, stored);
  } else {
    if (entry.ownId) events.remember(event.id, 0, now + dependencies.retention, contentDigest(event));
    if (subs.length > 0) keepUntilDelivered(dependencies, event, body, subs, acceptedAt);
  }
  return { event, duplicate: false };
}

function keepUntilDelivered(
  { enqueuer, events }: InsertEventDependencies,
  event: Event,
  body: string,
  subs: readonly Subscription[],
  acceptedAt: number,
): void {
  const seq = events.insertTransient(event, body, acceptedAt, subs.length);
  const stored = { event, seq, acceptedAt, history: false };
  for (const sub of subs) {
    if (sub.filling) continue;
    if (!enqueuer.enqueue(sub, stored)) events.releaseTransient(seq);
  }
}

function succeededIn(sub: Subscription, seen: SeenId): boolean {
  return sub.record.idempotent && seen.subscriptions.has(sub.id);
}
