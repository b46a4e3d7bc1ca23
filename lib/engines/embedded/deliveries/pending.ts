import type { DatabaseSync, StatementSync } from "node:sqlite";
import { subscriptionFilter } from "../../../delivery/subscription-filter.ts";
import type { PendingDelivery } from "../../../engine/delivery.ts";
import type { Event } from "../../../event/event.ts";
import { formatTime } from "../../../event/time.ts";
import type { HistoryReader, PositionedEvent } from "../history/history-reader.ts";
import { integer, optionalInteger, readableEvent, readableFailures } from "../storage/rows.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { SubscriptionTable } from "../subscriptions/subscription-table.ts";
import type { ConsumerSlots } from "./consumer-slots.ts";
import { type State, stateNamed, stateOf, states } from "./delivery-table.ts";
import { LazyList } from "./lazy-list.ts";

type Row = Readonly<Record<string, unknown>>;

/** A delivery of the flow that is under way; without a row where the backfill has yet to make it. */
interface Found {
  readonly sub: Subscription;
  readonly event: Event;
  readonly row: Row | undefined;
}

const shownAs: Record<State, PendingDelivery["state"]> = {
  ready: "waiting",
  blocked: "waiting",
  delayed: "delayed",
  claimed: "running",
};

/** The states of rows that end last, first. */
const lastToEnd = ["blocked", "delayed", "ready", "claimed"] as const satisfies readonly State[];

/** Flows of which a delivery is remembered; more are hardly waited for at once. */
const flowsRemembered = 256;

/** What {@link Pending} works with. */
export interface PendingDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly history: HistoryReader;
  readonly subscriptions: SubscriptionTable;
  readonly consumers: Pick<ConsumerSlots, "has">;
  /** This process. */
  readonly processId: number;
}

/**
 * Finds the deliveries of a flow that are under way; one snapshot for all of it. Who waits for the end of a flow asks again at
 * each change: the delivery that is last in line is found first, and remembered, so that asking costs the same however long
 * the flow is.
 */
export class Pending {
  readonly #subscriptionCache: SubscriptionCache;
  readonly #history: HistoryReader;
  readonly #subscriptions: SubscriptionTable;
  readonly #consumers: Pick<ConsumerSlots, "has">;
  readonly #processId: number;
  readonly #otherProcess: StatementSync;
  readonly #ofEvent: StatementSync;
  readonly #ofSubscription: StatementSync;
  readonly #one: StatementSync;
  readonly #remembered = new Map<string, Found & { readonly row: Row }>();

  constructor(
    db: DatabaseSync,
    { subscriptionCache, history, subscriptions, consumers, processId }: PendingDependencies,
  ) {
    this.#subscriptionCache = subscriptionCache;
    this.#history = history;
    this.#subscriptions = subscriptions;
    this.#consumers = consumers;
    this.#processId = processId;
    this.#otherProcess = db.prepare("SELECT id FROM processes WHERE id <> ? LIMIT 1");
    const columns = "seq, replay, state, attempts, due, failures";
    const key = "sub = ? AND state = ? AND priority = ? AND seq = ?";
    this.#ofEvent = db.prepare(`SELECT ${columns} FROM deliveries WHERE ${key}`);
    this.#one = db.prepare(`SELECT ${columns} FROM deliveries WHERE ${key} AND replay = ?`);
    this.#ofSubscription = db.prepare(
      `SELECT d.seq, d.replay, d.state, d.attempts, d.due, d.failures, e.body
       FROM deliveries AS d CROSS JOIN events AS e ON e.seq = d.seq
       WHERE d.sub = ? AND d.state = ? AND (e.flow = ? OR (e.id = ? AND e.flow IS NULL))
       ORDER BY d.priority DESC, d.seq DESC, d.replay DESC`,
    );
  }

  /** At most `limit`; within a read transaction, so that a delivery that ends and the events it made are seen together. */
  ofFlow(correlationId: string, limit = Number.POSITIVE_INFINITY): PendingDelivery[] {
    const remembered = limit === 1 ? this.#stillThere(correlationId) : undefined;
    const found = remembered === undefined ? this.#find(correlationId, limit) : [remembered];
    if (found.length === 0) return [];
    // What another process handles is not known here.
    const alone = this.#otherProcess.get(this.#processId) === undefined;
    return found.map((one) => ({
      ...toPending(one),
      ...(alone && !this.#consumers.has(one.sub.record.name) ? { handled: false } : {}),
      ...(one.sub.paused ? { paused: true } : {}),
    }));
  }

  /** The first in line comes first. */
  #find(correlationId: string, limit: number): Found[] {
    const found: Found[] = [];
    const events = new LazyList(this.#history.newestOfFlow(correlationId));
    try {
      for (const one of this.#lastInLine(correlationId, events)) {
        if (found.length === 0) this.#remember(correlationId, one);
        found.push(one);
        if (found.length >= limit) break;
      }
    } finally {
      events.close();
    }
    if (found.length === 0) this.#remembered.delete(correlationId);
    return found.reverse();
  }

  *#lastInLine(correlationId: string, events: LazyList<PositionedEvent>): Generator<Found, void, void> {
    for (const sub of this.#subscriptionCache.all()) {
      if (sub.filling) yield* this.#unfilled(sub, events);
      yield* this.#queued(sub, correlationId, events);
    }
  }

  /** By the events of the flow, or by what the subscription has queued, whichever is less: the count of the latter is known. */
  *#queued(sub: Subscription, correlationId: string, events: LazyList<PositionedEvent>): Generator<Found, void, void> {
    const { ready, claimed, delayed, blocked } = sub.depth;
    const depth = ready + claimed + delayed + blocked;
    if (depth === 0) return;
    const given = new Set<string>();
    for (let index = 0; index < depth / states.length; index += 1) {
      const stored = events.at(index);
      if (stored === undefined) return;
      for (const row of this.#rowsOf(sub, stored)) {
        given.add(`${row.seq} ${row.replay}`);
        yield { sub, event: stored.event, row };
      }
    }
    for (const state of lastToEnd) {
      if (sub.depth[state] === 0) continue;
      for (const row of this.#ofSubscription.iterate(sub.id, stateOf[state], correlationId, correlationId)) {
        // What was given before it turned out that this is less is not given again.
        const event = given.has(`${row.seq} ${row.replay}`) ? undefined : readableEvent(row.body);
        if (event !== undefined) yield { sub, event, row };
      }
    }
  }

  *#rowsOf(sub: Subscription, { event, position }: PositionedEvent): Generator<Row, void, void> {
    for (const state of states) {
      if (sub.depth[state] > 0) yield* this.#ofEvent.all(sub.id, stateOf[state], event.metadata.priority, position);
    }
  }

  /** Events that a subscription will get once it is filled up to them. */
  *#unfilled(sub: Subscription, events: LazyList<PositionedEvent>): Generator<Found, void, void> {
    const filledTo = this.#subscriptions.filledTo(sub);
    if (filledTo === undefined) return;
    const wants = subscriptionFilter(sub.record);
    for (let index = 0; ; index += 1) {
      const stored = events.at(index);
      if (stored === undefined || stored.position <= filledTo) return;
      if (wants(stored.event)) yield { sub, event: stored.event, row: undefined };
    }
  }

  #remember(correlationId: string, { row, ...found }: Found): void {
    this.#remembered.delete(correlationId);
    if (row === undefined) return;
    this.#remembered.set(correlationId, { ...found, row });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > flowsRemembered && oldest !== undefined) this.#remembered.delete(oldest);
  }

  /** The delivery that was found before, as it stands now; undefined where it has ended. */
  #stillThere(correlationId: string): Found | undefined {
    const before = this.#remembered.get(correlationId);
    if (before === undefined || this.#subscriptionCache.byId(before.sub.id) !== before.sub) return undefined;
    const { sub, event } = before;
    const { priority } = event.metadata;
    for (const state of states) {
      if (sub.depth[state] === 0) continue;
      const row = this.#one.get(sub.id, stateOf[state], priority, integer(before.row.seq), integer(before.row.replay));
      if (row !== undefined) return { sub, event, row };
    }
    return undefined;
  }
}

function toPending({ sub, event, row }: Found): PendingDelivery {
  const delivery = { subscription: sub.record.name, eventId: event.id, type: event.type } as const;
  if (row === undefined) return { ...delivery, state: "waiting", attempts: 0 };
  const due = optionalInteger(row.due);
  const lastError = readableFailures(row.failures).at(-1)?.message;
  return {
    ...delivery,
    state: shownAs[stateNamed(row.state)],
    attempts: integer(row.attempts),
    ...(due === undefined ? {} : { dueAt: formatTime(due) }),
    ...(lastError === undefined ? {} : { lastError }),
  };
}
