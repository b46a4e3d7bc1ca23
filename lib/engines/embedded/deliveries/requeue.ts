import type { EnqueueOptions } from "../../../engine/delivery-queue.ts";
import { alreadyUnderWay, noDeadLetter, noSubscription } from "../../../engine/errors.ts";
import type { Event } from "../../../event/event.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import type { EventLocation, EventTable } from "../publishing/event-table.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { DeliveryTable } from "./delivery-table.ts";
import { type DeliveryEnqueuer, holdOf } from "./enqueue.ts";
import type { Replays } from "./replays.ts";

export interface RequeueDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly queue: DeliveryTable;
  readonly events: EventTable;
  readonly enqueuer: DeliveryEnqueuer;
  readonly deadLetters: DeadLetterTable;
  readonly replays: Replays;
  now(): number;
}

/** Queues past events again for one subscription, within a transaction: a replay or a redrive. `not_found`, `conflict`. */
export function requeue(
  dependencies: RequeueDependencies,
  subscription: string,
  events: readonly Event[],
  { redrivenFrom, replayId }: EnqueueOptions,
): void {
  const sub = dependencies.subscriptionCache.byName(subscription);
  if (sub === undefined) throw noSubscription(subscription);
  if (redrivenFrom !== undefined) redrive(dependencies, sub, redrivenFrom);
  else if (replayId !== undefined) replay(dependencies, sub, events, replayId);
}

/** New deliveries, whatever became of the first ones. One that this replay has queued already is left as it is. */
function replay(
  dependencies: RequeueDependencies,
  sub: Subscription,
  events: readonly Event[],
  replayId: string,
): void {
  const { enqueuer, events: table, replays } = dependencies;
  const now = dependencies.now();
  const replay = replays.numberOf(replayId);
  for (const event of events) {
    const location = table.locate(event.id);
    if (isQueued(dependencies, { sub, event, location, replay })) continue;
    if (enqueuer.room(sub) > 0) {
      insert(dependencies, { sub, event, location, replay, acceptedAt: now, now, redriven: false });
    } else enqueuer.overflow(sub, { event, acceptedAt: now }, replayId);
  }
}

/** The delivery begins anew, and its dead letter goes with the same commit: so none is redriven twice. */
function redrive(dependencies: RequeueDependencies, sub: Subscription, id: string): void {
  const { deadLetters, events, now, replays } = dependencies;
  const deadLetter = deadLetters.get(id);
  if (deadLetter === undefined) throw noDeadLetter(id);
  const { event, replayId } = deadLetter;
  const delivery = {
    sub,
    event,
    location: events.locate(event.id),
    replay: replayId === undefined ? 0 : replays.numberOf(replayId),
  };
  if (isQueued(dependencies, delivery)) throw alreadyUnderWay(event.id, sub.record.name);
  const acceptedAt = Date.parse(deadLetter.acceptedAt);
  insert(dependencies, { ...delivery, acceptedAt, now: now(), redriven: true });
  deadLetters.delete(id);
}

interface PastDelivery {
  readonly sub: Subscription;
  readonly event: Event;
  /** Undefined where history has forgotten the event. */
  readonly location: EventLocation | undefined;
  readonly replay: number;
}

function isQueued({ queue }: RequeueDependencies, { sub, event, location, replay }: PastDelivery): boolean {
  return location !== undefined && queue.has({ sub, priority: event.metadata.priority, seq: location.seq, replay });
}

function insert(
  { events, queue }: RequeueDependencies,
  delivery: PastDelivery & { readonly acceptedAt: number; readonly now: number; readonly redriven: boolean },
): void {
  const { sub, event, replay, now, redriven } = delivery;
  const seq = keepStored(events, delivery);
  const ordering = sub.keyOf?.(event);
  const blocked = ordering !== undefined && queue.occupied(sub, ordering);
  queue.insert(
    { sub, priority: event.metadata.priority, seq, replay },
    { blocked, ordering, held: holdOf(event, now), queued: now, redriven },
  );
}

/** The event's position. Where history has forgotten it, it is stored again until this delivery has ended. */
function keepStored(
  events: EventTable,
  { event, location, replay, acceptedAt }: PastDelivery & { readonly acceptedAt: number },
): number {
  if (location === undefined) {
    const original = replay === 0 ? event : unmarked(event);
    return events.insertTransient(original, JSON.stringify(original), acceptedAt, 1);
  }
  if (!location.history) events.holdTransient(location.seq);
  return location.seq;
}

function unmarked(event: Event): Event {
  const { replay: _, ...metadata } = event.metadata;
  return { ...event, metadata };
}
