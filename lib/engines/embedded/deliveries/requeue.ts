import type { EnqueueOptions } from "../../../engine/delivery-queue.ts";
import { alreadyUnderWay, noDeadLetter, noSubscription } from "../../../engine/errors.ts";
import type { Event } from "../../../event/event.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import type { EventTable } from "../publishing/event-table.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { DeliveryTable } from "./delivery-table.ts";
import type { DeliveryEnqueuer } from "./enqueue.ts";
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
  const { enqueuer, events: table, queue, replays } = dependencies;
  const now = dependencies.now();
  const replay = replays.numberOf(replayId);
  for (const event of events) {
    const seq = table.locate(event.id)?.seq;
    const { priority } = event.metadata;
    if (seq !== undefined && queue.find({ sub, priority, seq, replay }) !== undefined) continue;
    if (enqueuer.room(sub) > 0) insert(dependencies, sub, event, { acceptedAt: now, replay, now, redriven: false });
    else enqueuer.overflow(sub, { event, acceptedAt: now }, replayId);
  }
}

/** The delivery begins anew, and its dead letter goes with the same commit: so none is redriven twice. */
function redrive(dependencies: RequeueDependencies, sub: Subscription, id: string): void {
  const { deadLetters, events, now, queue, replays } = dependencies;
  const deadLetter = deadLetters.get(id);
  if (deadLetter === undefined) throw noDeadLetter(id);
  const { event, replayId } = deadLetter;
  const replay = replayId === undefined ? 0 : replays.numberOf(replayId);
  const seq = events.locate(event.id)?.seq;
  if (seq !== undefined && queue.find({ sub, priority: event.metadata.priority, seq, replay }) !== undefined) {
    throw alreadyUnderWay(event.id, sub.record.name);
  }
  const acceptedAt = Date.parse(deadLetter.acceptedAt);
  insert(dependencies, sub, event, { acceptedAt, replay, now: now(), redriven: true });
  deadLetters.delete(id);
}

function insert(
  dependencies: RequeueDependencies,
  sub: Subscription,
  event: Event,
  options: { acceptedAt: number; replay: number; now: number; redriven: boolean },
): void {
  const { events, queue } = dependencies;
  const { acceptedAt, replay, now, redriven } = options;
  const seq = keepStored(events, replay === 0 ? event : unmarked(event), acceptedAt);
  const ordering = sub.keyOf?.(event);
  const blocked = ordering !== undefined && queue.occupied(sub, ordering);
  queue.insert(
    { sub, priority: event.metadata.priority, seq, replay },
    { state: blocked ? "blocked" : "ready", ordering, queued: now, redriven },
  );
}

/** The event's position. Where history has forgotten it, it is stored again until this delivery has ended. */
function keepStored(events: EventTable, event: Event, acceptedAt: number): number {
  const location = events.locate(event.id);
  if (location === undefined) return events.insertTransient(event, JSON.stringify(event), acceptedAt, 1);
  if (!location.history) events.holdTransient(location.seq);
  return location.seq;
}

function unmarked(event: Event): Event {
  const { replay: _, ...metadata } = event.metadata;
  return { ...event, metadata };
}
