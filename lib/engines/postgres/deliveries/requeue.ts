import { overflowFailure } from "../../../delivery/dead-letter.ts";
import type { EnqueueOptions } from "../../../engine/delivery-queue.ts";
import { alreadyUnderWay, noDeadLetter, noSubscription } from "../../../engine/errors.ts";
import { deliverAtMs } from "../../../event/deliver-at.ts";
import type { Event } from "../../../event/event.ts";
import type { PostgresDeadLetters } from "../dead-letters/dead-letters.ts";
import { indexed } from "../publishing/event-columns.ts";
import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { errorCode } from "../storage/postgres-error.ts";
import { refusals } from "../storage/schema/requeue.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";

export interface RequeueDependencies {
  readonly database: Database;
  readonly names: Names;
  readonly subscriptionCache: SubscriptionCache;
  readonly deadLetters: PostgresDeadLetters;
  now(): number;
}

/** Events queued in one statement. */
const eventsAtOnce = 256;

/** Queues past events again for one subscription, a replay or a redrive; gives its number. `not_found`, `conflict`. */
export async function requeue(
  dependencies: RequeueDependencies,
  name: string,
  events: readonly Event[],
  { redrivenFrom, replayId }: EnqueueOptions,
): Promise<number> {
  const sub = await find(dependencies, name);
  if (redrivenFrom === undefined) {
    for (let from = 0; from < events.length; from += eventsAtOnce) {
      await queue(dependencies, sub, events.slice(from, from + eventsAtOnce), { replayId: replayId ?? null });
    }
    return sub.id;
  }
  // A redriven delivery belongs to the replay that its dead letter names.
  const deadLetter = await dependencies.deadLetters.get(redrivenFrom);
  if (deadLetter === undefined) throw noDeadLetter(redrivenFrom);
  const { event } = deadLetter;
  try {
    await queue(dependencies, sub, [event], { replayId: deadLetter.replayId ?? null, letter: redrivenFrom });
  } catch (thrown) {
    const code = thrown instanceof Error ? errorCode(thrown.cause) : undefined;
    if (code === refusals.noDeadLetter) throw noDeadLetter(redrivenFrom);
    if (code === refusals.underWay) throw alreadyUnderWay(event.id, name);
    throw thrown;
  }
  return sub.id;
}

async function find({ database, subscriptionCache }: RequeueDependencies, name: string): Promise<Subscription> {
  let sub = subscriptionCache.byName(name);
  if (sub === undefined) {
    await subscriptionCache.refresh(database);
    sub = subscriptionCache.byName(name);
  }
  if (sub === undefined) throw noSubscription(name);
  return sub;
}

async function queue(
  { database, names, now }: RequeueDependencies,
  { id, keyOf, record }: Subscription,
  events: readonly Event[],
  { replayId, letter }: { readonly replayId: string | null; readonly letter?: string },
): Promise<void> {
  const rows = events.map((event) => {
    const original = unmarked(event);
    return {
      id: event.id,
      type: event.type,
      flow: indexed(event.metadata.correlationId),
      priority: event.metadata.priority,
      due: event.metadata.deliverAt === undefined ? null : deliverAtMs(event),
      key: keyOf === undefined ? null : indexed(keyOf(event)),
      body: JSON.stringify(original),
    };
  });
  const { maxBacklog, name } = record;
  const reason = maxBacklog === undefined ? null : JSON.stringify(overflowFailure(name, maxBacklog, now()));
  await database.call(`SELECT ${names.s}.requeue($1, $2, $3, $4, $5, $6)`, [
    id,
    JSON.stringify(rows),
    replayId,
    letter ?? null,
    maxBacklog ?? null,
    reason,
  ]);
}

/** The event as it was published; the mark is put on again with each delivery. */
function unmarked(event: Event): Event {
  if (event.metadata.replay === undefined) return event;
  const { replay: _, ...metadata } = event.metadata;
  return { ...event, metadata };
}
