import type { DatabaseSync, StatementSync } from "node:sqlite";
import { subscriptionFilter } from "../../../delivery/subscription-filter.ts";
import type { PendingDelivery } from "../../../engine/delivery.ts";
import type { Event } from "../../../event/event.ts";
import { formatTime } from "../../../event/time.ts";
import type { HistoryReader, PositionedEvent } from "../history/history-reader.ts";
import { integer, optionalInteger, readableFailures } from "../storage/rows.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { SubscriptionTable } from "../subscriptions/subscription-table.ts";
import type { ConsumerSlots } from "./consumer-slots.ts";
import { type State, stateNamed, stateOf, states } from "./delivery-table.ts";

type Handled = Pick<PendingDelivery, "handled">;

const shownAs: Record<State, PendingDelivery["state"]> = {
  ready: "waiting",
  blocked: "waiting",
  delayed: "delayed",
  claimed: "running",
};

/** What {@link Pending} works with. */
export interface PendingDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly history: HistoryReader;
  readonly subscriptions: SubscriptionTable;
  readonly consumers: Pick<ConsumerSlots, "has">;
  /** This process. */
  readonly processId: number;
}

/** Finds the deliveries of a flow that are under way; one snapshot for all of it. */
export class Pending {
  readonly #subscriptionCache: SubscriptionCache;
  readonly #history: HistoryReader;
  readonly #subscriptions: SubscriptionTable;
  readonly #consumers: Pick<ConsumerSlots, "has">;
  readonly #processId: number;
  readonly #otherProcess: StatementSync;
  readonly #one: StatementSync;
  readonly #all: StatementSync;

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
    const columns = "seq, state, attempts, due, failures";
    this.#one = db.prepare(
      `SELECT ${columns} FROM deliveries WHERE sub = ? AND state = ? AND priority = ? AND seq = ?`,
    );
    this.#all = db.prepare(`SELECT ${columns} FROM deliveries WHERE sub = ?`);
  }

  /** Within a read transaction, so that a delivery that ends and the events it made are seen together. */
  ofFlow(correlationId: string): PendingDelivery[] {
    const events = this.#history.flow(correlationId, { all: true });
    if (events.length === 0) return [];
    const byPosition = new Map(events.map((stored) => [stored.position, stored.event]));
    const pending: PendingDelivery[] = [];
    // What another process handles is not known here.
    const alone = this.#otherProcess.get(this.#processId) === undefined;
    for (const sub of this.#subscriptionCache.all()) {
      const handled: Handled = alone && !this.#consumers.has(sub.record.name) ? { handled: false } : {};
      for (const row of this.#rows(sub, events)) {
        const event = byPosition.get(integer(row.seq));
        if (event !== undefined) pending.push({ ...toPending(sub, event, row), ...handled });
      }
      if (sub.filling) for (const one of this.#unfilled(sub, events)) pending.push({ ...one, ...handled });
    }
    return pending;
  }

  /** Rows that may be of these events: looked up one by one, or all read, whichever is less. */
  *#rows(sub: Subscription, events: readonly PositionedEvent[]): Generator<Readonly<Record<string, unknown>>> {
    const { ready, claimed, delayed, blocked } = sub.depth;
    const depth = ready + claimed + delayed + blocked;
    if (depth === 0) return;
    if (depth <= events.length * states.length) {
      yield* this.#all.all(sub.id);
      return;
    }
    for (const { event, position } of events) {
      for (const state of states) {
        if (sub.depth[state] > 0) yield* this.#one.all(sub.id, stateOf[state], event.metadata.priority, position);
      }
    }
  }

  /** Events that a subscription will get once it is filled up to them. */
  #unfilled(sub: Subscription, events: readonly PositionedEvent[]): PendingDelivery[] {
    const filledTo = this.#subscriptions.filledTo(sub);
    if (filledTo === undefined) return [];
    const wants = subscriptionFilter(sub.record);
    return events
      .filter(({ event, position }) => position > filledTo && wants(event))
      .map(({ event }) => ({
        subscription: sub.record.name,
        eventId: event.id,
        type: event.type,
        state: "waiting",
        attempts: 0,
      }));
  }
}

function toPending(sub: Subscription, event: Event, row: Readonly<Record<string, unknown>>): PendingDelivery {
  const due = optionalInteger(row.due);
  const lastError = readableFailures(row.failures).at(-1)?.message;
  return {
    subscription: sub.record.name,
    eventId: event.id,
    type: event.type,
    state: shownAs[stateNamed(row.state)],
    attempts: integer(row.attempts),
    ...(due === undefined ? {} : { dueAt: formatTime(due) }),
    ...(lastError === undefined ? {} : { lastError }),
  };
}
