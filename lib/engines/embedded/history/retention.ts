import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import type { Event } from "../../../event/event.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import { priorities, stateOf, states } from "../deliveries/delivery-table.ts";
import type { Events } from "../publishing/event-table.ts";
import { minuteOf } from "../publishing/totals.ts";
import { integer, readableEvent } from "../storage/rows.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { SubscriptionTable } from "../subscriptions/subscription-table.ts";
import { blockOf, blockSize, eachPosting, fields } from "./postings.ts";

export interface RetentionDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly events: Events;
  readonly deadLetters: DeadLetterTable;
  readonly subscriptions: SubscriptionTable;
  /** Milliseconds. */
  readonly retention: number;
  /** Whether callers wait for a transaction. */
  busy(): boolean;
  now(): number;
  /** Does one thing in a transaction of its own. */
  transact<Result>(act: () => Result): Promise<Result>;
}

interface Old {
  readonly seq: number;
  readonly accepted: number;
  readonly history: boolean;
  /** Absent where it cannot be read: then it goes without a look at what is in it. */
  readonly event: Event | undefined;
}

/** Milliseconds between two steps while callers wait: then four fifths of the time are theirs. */
const pauseMs = 10;
/** Rows deleted in one transaction, where they need no look. */
const rowsAtOnce = 512;

/**
 * Deletes what is older than the retention, a block in a transaction, so that publishers hardly fileChanges. Events that are
 * not delivered everywhere are spared. Freed pages are used again; the file does not shrink.
 */
export class Retention {
  readonly #host: RetentionDependencies;
  readonly #oldBlock: StatementSync;
  readonly #events: StatementSync;
  readonly #undelivered: StatementSync;
  readonly #deleteEvent: StatementSync;
  readonly #deleteTransient: StatementSync;
  readonly #oldTransient: StatementSync;
  readonly #deletePosting: StatementSync;
  readonly #deleteBlock: StatementSync;
  readonly #boundBlock: StatementSync;
  readonly #subtract: StatementSync;
  readonly #deleteEmptyStats: StatementSync;
  readonly #deleteSeen: StatementSync;
  readonly #pendingDeletion: StatementSync;
  readonly #rowsOfDeleted: StatementSync;
  readonly #deleteRow: StatementSync;
  readonly #clearPendingDeletion: StatementSync;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(db: DatabaseSync, host: RetentionDependencies) {
    this.#host = host;
    this.#oldBlock = db.prepare("SELECT min(block) AS block FROM blocks WHERE block > ? AND min_accepted < ?");
    this.#events = db.prepare("SELECT seq, accepted, history, body FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq");
    this.#undelivered = db.prepare(
      "SELECT seq FROM deliveries WHERE sub = ? AND state = ? AND priority = ? AND seq BETWEEN ? AND ?",
    );
    this.#deleteEvent = db.prepare("DELETE FROM events WHERE seq = ?");
    this.#deleteTransient = db.prepare("DELETE FROM transients WHERE seq = ?");
    this.#oldTransient = db.prepare(
      "SELECT min(t.seq) AS seq FROM transients AS t JOIN events AS e ON e.seq = t.seq WHERE t.seq >= ? AND e.accepted < ?",
    );
    this.#deletePosting = db.prepare("DELETE FROM postings WHERE field = ? AND value = ? AND block = ?");
    this.#deleteBlock = db.prepare("DELETE FROM blocks WHERE block = ?");
    this.#boundBlock = db.prepare("UPDATE blocks SET min_accepted = ? WHERE block = ?");
    this.#subtract = db.prepare("UPDATE stats SET count = count - ? WHERE minute = ? AND type = ?");
    this.#deleteEmptyStats = db.prepare("DELETE FROM stats WHERE minute = ? AND type = ? AND count <= 0");
    this.#deleteSeen = db.prepare(
      "DELETE FROM seen WHERE (id, sub) IN (SELECT id, sub FROM seen WHERE until <= ? LIMIT ?)",
    );
    this.#pendingDeletion = db.prepare("SELECT sub FROM doomed LIMIT 1");
    this.#rowsOfDeleted = db.prepare(
      `SELECT d.state, d.priority, d.seq, d.replay, e.history FROM deliveries AS d LEFT JOIN events AS e ON e.seq = d.seq
       WHERE d.sub = ? LIMIT ?`,
    );
    this.#deleteRow = db.prepare(
      "DELETE FROM deliveries WHERE sub = ? AND state = ? AND priority = ? AND seq = ? AND replay = ?",
    );
    this.#clearPendingDeletion = db.prepare("DELETE FROM doomed WHERE sub = ?");
  }

  /** Takes away all that may go now; resolves when that is done. One run at a time. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running?.catch(() => {});
  }

  async #run(): Promise<void> {
    const { now, retention, transact } = this.#host;
    while (!this.#stopped && this.#pendingDeletion.get() !== undefined) await transact(() => this.#clearDeleted());
    const cutoff = now() - retention;
    for (let block = this.#nextOld(-1, cutoff); block !== undefined && !this.#stopped; ) {
      const current = block;
      await transact(() => this.#cleanBlock(current, cutoff));
      if (this.#host.busy()) await wait(pauseMs, undefined, { ref: false });
      block = this.#nextOld(current, cutoff);
    }
    for (let deleted = rowsAtOnce; !this.#stopped && deleted === rowsAtOnce; ) {
      deleted = await transact(() => Number(this.#deleteSeen.run(now(), rowsAtOnce).changes));
    }
  }

  /** The next block after one that holds what is older. */
  #nextOld(block: number, cutoff: number): number | undefined {
    const recorded = this.#oldBlock.get(block, cutoff)?.block;
    const transient = this.#oldTransient.get((block + 1) * blockSize, cutoff)?.seq;
    const found = [
      ...(recorded === null || recorded === undefined ? [] : [integer(recorded)]),
      ...(transient === null || transient === undefined ? [] : [blockOf(integer(transient))]),
    ];
    return found.length === 0 ? undefined : Math.min(...found);
  }

  /** What a deleted subscription had not delivered. */
  #clearDeleted(): void {
    const row = this.#pendingDeletion.get();
    if (row === undefined) return;
    const sub = integer(row.sub);
    const rows = this.#rowsOfDeleted.all(sub, rowsAtOnce);
    for (const { state, priority, seq, replay, history } of rows) {
      this.#deleteRow.run(sub, integer(state), integer(priority), integer(seq), integer(replay));
      if (history === 0) this.#host.events.releaseTransient(integer(seq));
    }
    if (rows.length < rowsAtOnce) this.#clearPendingDeletion.run(sub);
  }

  #cleanBlock(block: number, cutoff: number): void {
    const first = block * blockSize;
    const last = first + blockSize - 1;
    const spared = this.#spared(first, last);
    const kept: Old[] = [];
    const gone: Old[] = [];
    for (const row of this.#events.all(first, last)) {
      const old = {
        seq: integer(row.seq),
        accepted: integer(row.accepted),
        history: row.history === 1,
        event: readableEvent(row.body),
      };
      const goes = old.accepted < cutoff && !spared(old.seq);
      (goes ? gone : kept).push(old);
    }
    this.#forget(gone);
    this.#shrinkPostings(block, gone, kept);
    const recorded = kept.filter(({ history }) => history);
    if (recorded.length === 0) this.#deleteBlock.run(block);
    else this.#boundBlock.run(Math.min(...recorded.map(({ accepted }) => accepted)), block);
  }

  /** Which events of a block are still needed: not delivered, or not yet given to a subscription that is being filled. */
  #spared(first: number, last: number): (seq: number) => boolean {
    const { subscriptionCache, subscriptions } = this.#host;
    const filledTo = subscriptions.lowestPosition() ?? Number.POSITIVE_INFINITY;
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

  #forget(gone: readonly Old[]): void {
    const counts = new Map<string, { minute: number; type: string; count: number }>();
    for (const { accepted, event, history, seq } of gone) {
      this.#deleteEvent.run(seq);
      if (!history) this.#deleteTransient.run(seq);
      if (!history || event === undefined) continue;
      const minute = minuteOf(accepted);
      const key = `${minute} ${event.type}`;
      counts.set(key, { minute, type: event.type, count: (counts.get(key)?.count ?? 0) + 1 });
      this.#rememberSuccess(event, accepted);
    }
    for (const { minute, type, count } of counts.values()) {
      this.#subtract.run(count, minute, type);
      this.#deleteEmptyStats.run(minute, type);
    }
  }

  /** An id may be published again; where the event has succeeded, and not long ago, it must not be handled again. */
  #rememberSuccess(event: Event, accepted: number): void {
    const { deadLetters, events, now, subscriptionCache } = this.#host;
    const idempotent = subscriptionCache.route(event).filter((sub) => remembers(sub, accepted, now()));
    if (idempotent.length === 0) return;
    const dead = new Set(deadLetters.subscriptionsOf(event));
    for (const sub of idempotent) {
      if (!dead.has(sub.record.name)) events.remember(event.id, sub.id, accepted + sub.record.dedupeFor, null);
    }
  }

  #shrinkPostings(block: number, gone: readonly Old[], kept: readonly Old[]): void {
    const values = new Map<string, () => void>();
    for (const { event } of gone) {
      if (event === undefined) continue;
      eachPosting(event, (field, value) =>
        values.set(`${fields[field]} ${value}`, () => this.#deletePosting.run(fields[field], value, block)),
      );
    }
    for (const { event, history } of kept) {
      if (history && event !== undefined)
        eachPosting(event, (field, value) => values.delete(`${fields[field]} ${value}`));
    }
    for (const remove of values.values()) remove();
    if (values.size > 0) this.#host.events.forgetPostings();
  }
}

function remembers(sub: Subscription, accepted: number, now: number): boolean {
  return sub.record.idempotent && accepted + sub.record.dedupeFor > now;
}
