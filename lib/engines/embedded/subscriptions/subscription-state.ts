import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SubscriptionState } from "../../../engine/subscription-store.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import type { ConsumerSlots } from "../deliveries/consumer-slots.ts";
import { priorities, stateOf, states } from "../deliveries/delivery-table.ts";
import { integer } from "../storage/rows.ts";
import type { Subscription } from "./subscription-cache.ts";

/** Rows read to find the oldest: the first so many of each priority and state. */
const rowsRead = 64;

/** Who handles subscriptions. */
export interface Handlers {
  readonly consumers: Pick<ConsumerSlots, "has">;
  /** This process. */
  readonly processId: number;
}

/** Tells how subscriptions stand, without counting rows. */
export class SubscriptionStates {
  readonly #deadLetters: DeadLetterTable;
  readonly #handlers: Handlers;
  readonly #oldest: StatementSync;
  readonly #otherProcess: StatementSync;

  constructor(db: DatabaseSync, deadLetters: DeadLetterTable, handlers: Handlers) {
    this.#deadLetters = deadLetters;
    this.#handlers = handlers;
    this.#otherProcess = db.prepare("SELECT id FROM processes WHERE id <> ? LIMIT 1");
    this.#oldest = db.prepare(
      `SELECT min(since) AS oldest FROM (
         SELECT coalesce(d.queued, e.accepted) AS since FROM deliveries AS d JOIN events AS e ON e.seq = d.seq
         WHERE d.sub = ? AND d.state = ? AND d.priority = ? ORDER BY d.seq, d.replay LIMIT ?)`,
    );
  }

  of(sub: Subscription, now: number): SubscriptionState {
    const { ready, claimed, delayed, blocked } = sub.depth;
    return {
      record: sub.record,
      ephemeral: sub.processId !== undefined,
      waiting: ready + blocked,
      delayed,
      running: claimed,
      oldestAgeMs: Math.max(0, now - this.#oldestSince(sub, now)),
      deadLetters: this.#deadLetters.count(sub.record.name),
      ...(this.#isUnhandled(sub) ? { handled: false } : {}),
      ...(sub.paused ? { paused: true } : {}),
      ...(sub.filling ? { backfilling: true } : {}),
    };
  }

  /** What another process handles is not known here. */
  #isUnhandled({ record }: Subscription): boolean {
    const { consumers, processId } = this.#handlers;
    return !consumers.has(record.name) && this.#otherProcess.get(processId) === undefined;
  }

  #oldestSince(sub: Subscription, now: number): number {
    let oldest = now;
    for (const state of states) {
      if (sub.depth[state] === 0) continue;
      for (const priority of priorities) {
        const since = this.#oldest.get(sub.id, stateOf[state], priority, rowsRead)?.oldest;
        if (since !== null && since !== undefined) oldest = Math.min(oldest, integer(since));
      }
    }
    return oldest;
  }
}
