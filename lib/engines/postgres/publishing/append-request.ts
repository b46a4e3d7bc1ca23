import { overflowFailure } from "../../../delivery/dead-letter.ts";
import { contentDigest } from "../../../engine/content-digest.ts";
import type { Entry } from "../../../engine/event-log.ts";
import { deliverAtMs } from "../../../event/deliver-at.ts";
import type { Consumers } from "../deliveries/consumers.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import { eventColumns, indexed } from "./event-columns.ts";

/** An entry with the JSON of its event. */
export interface Publish {
  readonly entry: Entry;
  readonly body: string;
}

/** What `append` is called with. */
export interface AppendRequest {
  readonly epoch: number;
  /** JSON of the events. */
  readonly events: string;
  /** JSON of the subscriptions that take deliveries at once, or whose backlog is bounded. */
  readonly slots: string;
  /** Ends the reservation of what may be claimed. */
  readonly release: () => void;
}

export interface RequestDependencies {
  readonly subscriptionCache: SubscriptionCache;
  /** Absent where nothing may be claimed with the append. */
  readonly consumers?: Consumers;
  now(): number;
}

/** Ids of the form that Waggle gives: only one of these can be known without that a caller gave it. */
const generated = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Routes events and puts together what `append` needs. */
export function appendRequest(dependencies: RequestDependencies, publishes: readonly Publish[]): AppendRequest {
  const { subscriptionCache, consumers, now } = dependencies;
  const wanted = new Map<Subscription, number>();
  const events = publishes.map(({ entry, body }, n) => {
    const { acceptedAt, event, history, ownId } = entry;
    const subs = subscriptionCache.route(event, history);
    for (const sub of subs) wanted.set(sub, (wanted.get(sub) ?? 0) + 1);
    const due = event.metadata.deliverAt === undefined ? undefined : deliverAtMs(event);
    return {
      n,
      history,
      body,
      due,
      accepted: acceptedAt === undefined ? undefined : Math.trunc(acceptedAt),
      ...eventColumns(event),
      ...(ownId ? { digest: contentDigest(event), probe: generated.test(event.id) } : {}),
      ...(subs.length === 0 ? {} : routesOf(subs, entry)),
    };
  });
  const releases: (() => void)[] = [];
  const slots = [...wanted].flatMap(([{ id, keyOf, record }, count]) => {
    // Where order is kept, only a look at what came before tells what may run.
    const free = keyOf === undefined ? Math.min(count, consumers?.free(record.name) ?? 0) : 0;
    const { maxBacklog, name } = record;
    if (free === 0 && maxBacklog === undefined) return [];
    if (free > 0 && consumers !== undefined) releases.push(consumers.reserve(name));
    if (maxBacklog === undefined) return [{ sub: id, free }];
    return [{ sub: id, free, wait: maxBacklog, reason: JSON.stringify(overflowFailure(name, maxBacklog, now())) }];
  });
  return {
    epoch: subscriptionCache.epoch,
    events: JSON.stringify(events),
    slots: JSON.stringify(slots),
    release: () => {
      for (const release of releases) release();
    },
  };
}

function routesOf(subs: readonly Subscription[], { event }: Entry): { subs: number[]; keys: (string | null)[] } {
  return {
    subs: subs.map(({ id }) => id),
    keys: subs.map(({ keyOf }) => (keyOf === undefined ? null : indexed(keyOf(event)))),
  };
}
