import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Event } from "../../../event/event.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import { priorities, stateOf, states } from "../deliveries/delivery-table.ts";
import type { OutcomeTable } from "../deliveries/outcome-table.ts";
import type { EventTable } from "../publishing/event-table.ts";
import { minuteOf } from "../publishing/minute-counts.ts";
import { integer, readableEvent } from "../storage/rows.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { SubscriptionTable } from "../subscriptions/subscription-table.ts";
import { blockSize, eachPosting, fields } from "./postings.ts";

export interface BlockCleanerDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly events: EventTable;
  readonly deadLetters: DeadLetterTable;
  readonly subscriptions: SubscriptionTable;
  readonly outcomes: OutcomeTable;
  now(): number;
}

/** An event of the block. */
interface OldEvent {
  readonly seq: number;
  readonly acceptedAt: number;
  readonly history: boolean;
  /** Whether it may be published again: only an id that Waggle gave never is. */
  readonly comesAgain: boolean;
  /** Absent where it cannot be read: then its age alone decides. */
  readonly event: Event | undefined;
}

/** Deletes the old events of one block, and what was kept to find them. */
export class BlockCleaner {
  readonly #dependencies: BlockCleanerDependencies;
  readonly #events: StatementSync;
  readonly #undelivered: StatementSync;
  readonly #deleteEvent: StatementSync;
  readonly #deleteTransient: StatementSync;
  readonly #deletePosting: StatementSync;
  readonly #deleteBlock: StatementSync;
  readonly #boundBlock: StatementSync;
  readonly #subtract: StatementSync;
  readonly #deleteEmptyStats: StatementSync;

  constructor(db: DatabaseSync, dependencies: BlockCleanerDependencies) {
    this.#dependencies = dependencies;
    this.#events = db.prepare(
      "SELECT seq, accepted, history, own, body FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq",
    );
    this.#undelivered = db.prepare(
      "SELECT seq FROM deliveries WHERE sub = ? AND state = ? AND priority = ? AND seq BETWEEN ? AND ?",
    );
    this.#deleteEvent = db.prepare("DELETE FROM events WHERE seq = ?");
    this.#deleteTransient = db.prepare("DELETE FROM transients WHERE seq = ?");
    this.#deletePosting = db.prepare("DELETE FROM postings WHERE field = ? AND value = ? AND block = ?");
    this.#deleteBlock = db.prepare("DELETE FROM blocks WHERE block = ?");
    this.#boundBlock = db.prepare("UPDATE blocks SET min_accepted = ? WHERE block = ?");
    this.#subtract = db.prepare("UPDATE stats SET count = count - ? WHERE minute = ? AND type = ?");
    this.#deleteEmptyStats = db.prepare("DELETE FROM stats WHERE minute = ? AND type = ? AND count <= 0");
  }

  /** Within a transaction: deletes what was accepted before `cutoff` and is not needed any more. */
  clean(block: number, cutoff: number): void {
    this.#dependencies.events.settleTotals();
    const first = block * blockSize;
    const last = first + blockSize - 1;
    const isNeeded = this.#neededOf(first, last);
    const kept: OldEvent[] = [];
    const gone: OldEvent[] = [];
    for (const row of this.#events.all(first, last)) {
      const old = {
        seq: integer(row.seq),
        acceptedAt: integer(row.accepted),
        history: row.history === 1,
        comesAgain: row.own !== 0,
        event: readableEvent(row.body),
      };
      (old.acceptedAt < cutoff && !isNeeded(old.seq) ? gone : kept).push(old);
    }
    this.#delete(gone);
    this.#shrinkPostings(block, gone, kept);
    const recorded = kept.filter(({ history }) => history);
    if (recorded.length === 0) {
      this.#deleteBlock.run(block);
      this.#dependencies.outcomes.deleteBlock(block);
    } else this.#boundBlock.run(Math.min(...recorded.map(({ acceptedAt }) => acceptedAt)), block);
  }

  /** Which events are still needed: not delivered, or not yet given to a subscription that is being filled. */
  #neededOf(first: number, last: number): (seq: number) => boolean {
    const { subscriptionCache, subscriptions } = this.#dependencies;
    const filledTo = subscriptions.lowestFilledTo() ?? Number.POSITIVE_INFINITY;
    const undelivered = new Set<number>();
    for (const { id, depth } of subscriptionCache.all()) {
      if (depth.ready + depth.claimed + depth.delayed + depth.blocked === 0) continue;
      for (const state of states) {
        for (const priority of priorities) {
          for (const row of this.#undelivered.all(id, stateOf[state], priority, first, last)) {
            undelivered.add(integer(row.seq));
          }
        }
      }
    }
    return (seq) => seq > filledTo || undelivered.has(seq);
  }

  #delete(gone: readonly OldEvent[]): void {
    const counts = new Map<string, { minute: number; type: string; count: number }>();
    for (const { acceptedAt, comesAgain, event, history, seq } of gone) {
      this.#deleteEvent.run(seq);
      if (!history) this.#deleteTransient.run(seq);
      if (!history || event === undefined) continue;
      const minute = minuteOf(acceptedAt);
      const key = `${minute} ${event.type}`;
      counts.set(key, { minute, type: event.type, count: (counts.get(key)?.count ?? 0) + 1 });
      if (comesAgain) this.#rememberSuccess(event, seq, acceptedAt);
    }
    for (const { minute, type, count } of counts.values()) {
      this.#subtract.run(count, minute, type);
      this.#deleteEmptyStats.run(minute, type);
    }
  }

  /** An id may be published again; where the event has succeeded, and not long ago, it must not be handled again. */
  #rememberSuccess(event: Event, seq: number, acceptedAt: number): void {
    const { deadLetters, events, now, subscriptionCache } = this.#dependencies;
    const idempotent = subscriptionCache
      .route(event)
      .filter((sub) => remembers(sub, acceptedAt, now()) && hasReceived(sub, seq));
    if (idempotent.length === 0) return;
    const dead = new Set(deadLetters.subscriptionsOf(event));
    for (const sub of idempotent) {
      if (!dead.has(sub.record.name)) events.remember(event.id, sub.id, acceptedAt + sub.record.dedupeFor, null);
    }
  }

  #shrinkPostings(block: number, gone: readonly OldEvent[], kept: readonly OldEvent[]): void {
    const values = new Map<string, () => void>();
    for (const { event } of gone) {
      if (event === undefined) continue;
      eachPosting(event, (field, value) =>
        values.set(`${fields[field]} ${value}`, () => this.#deletePosting.run(fields[field], value, block)),
      );
    }
    for (const { event, history } of kept) {
      if (!history || event === undefined) continue;
      eachPosting(event, (field, value) => values.delete(`${fields[field]} ${value}`));
    }
    for (const remove of values.values()) remove();
    if (values.size > 0) this.#dependencies.events.forgetPostings();
  }
}

function remembers(sub: Subscription, acceptedAt: number, now: number): boolean {
  return sub.record.idempotent && acceptedAt + sub.record.dedupeFor > now;
}

/** A subscription that was made after the event, to start then, has never had it. */
function hasReceived({ liveFrom, record }: Subscription, seq: number): boolean {
  return seq > liveFrom || record.from !== "now";
}
