import type { Accepted } from "../../../engine/engine.ts";
import { idConflict } from "../../../engine/errors.ts";
import { sameContent } from "../../../engine/same-content.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import type { DeliveryEnqueuer } from "../deliveries/enqueue.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import { contentDigest, type Events, type Seen, type StoredEvent } from "./event-table.ts";
import type { PendingPublish } from "./publish-queue.ts";

export interface InsertEventDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly events: Events;
  readonly enqueuer: DeliveryEnqueuer;
  /** Milliseconds for which ids outside of history are remembered. */
  readonly retention: number;
}

/** Stores one event and its deliveries, within a transaction; gives the error where the event is refused. */
export function insertEvent(
  host: InsertEventDependencies,
  { entry, body }: PendingPublish,
  now: number,
): Accepted | BusError {
  const { events, subscriptionCache } = host;
  const { event } = entry;
  let seen: Seen | undefined;
  if (entry.ownId) {
    let known: StoredEvent | undefined;
    try {
      known = events.byId(event.id);
    } catch (thrown) {
      // The stored one cannot be read: this publish fails, and those beside it go on.
      return toBusError(thrown);
    }
    if (known !== undefined) {
      return sameContent(known.event, event) ? { event: known.event, duplicate: true } : idConflict(event);
    }
    seen = events.seen(event.id, now);
    if (seen?.digest !== undefined) {
      return seen.digest === contentDigest(event) ? { event, duplicate: true } : idConflict(event);
    }
  }
  const routed = subscriptionCache.route(event);
  const subs = seen === undefined ? routed : routed.filter((sub) => !succeededIn(sub, seen));
  if (entry.history) {
    const seq = events.insert(event, body, now);
    for (const sub of subs) {
      if (!sub.filling) host.enqueuer.enqueue(sub, { event, seq, accepted: now, transient: false });
    }
  } else {
    if (entry.ownId) events.remember(event.id, 0, now + host.retention, contentDigest(event));
    if (subs.length > 0) keepUntilDelivered(host, event, body, subs, now);
  }
  return { event, duplicate: false };
}

function keepUntilDelivered(
  { enqueuer, events }: InsertEventDependencies,
  event: Event,
  body: string,
  subs: readonly Subscription[],
  now: number,
): void {
  const seq = events.insertTransient(event, body, now, subs.length);
  for (const sub of subs) {
    if (sub.filling) continue;
    if (!enqueuer.enqueue(sub, { event, seq, accepted: now, transient: true })) events.releaseTransient(seq);
  }
}

function succeededIn(sub: Subscription, seen: Seen): boolean {
  return sub.record.idempotent && seen.subscriptions.has(sub.id);
}
