import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Failure } from "../../../engine/delivery.ts";
import { formatTime } from "../../../event/time.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import type { DeliveryTable } from "../deliveries/delivery-table.ts";
import type { FairShare } from "../deliveries/fair-share.ts";
import type { Replays } from "../deliveries/replays.ts";
import { failuresColumn } from "../deliveries/settlements.ts";
import type { Events } from "../publishing/event-table.ts";
import { integer, optionalInteger, optionalText, readableFailures, text } from "../storage/rows.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { SubscriptionTable } from "../subscriptions/subscription-table.ts";
import { ProcessLock, sweepLocks } from "./process-lock.ts";

export interface ProcessRegistryDependencies {
  readonly file: string;
  /** This process. */
  readonly owner: number;
  readonly subscriptionCache: SubscriptionCache;
  readonly queue: DeliveryTable;
  readonly events: Events;
  readonly deadLetters: DeadLetterTable;
  readonly subscriptions: SubscriptionTable;
  readonly replays: Replays;
  readonly fairShare: FairShare;
  now(): number;
  /** Does one thing in a transaction of its own. */
  transact<Result>(act: () => Result): Promise<Result>;
}

/** Locks tried at a time: one costs 0.4 ms. */
const probesAtOnce = 8;

/**
 * Lists a process by the lock it holds; gives its number, as rows name it. The lock is held before: who is listed and not
 * locked counts as gone.
 */
export function register(db: DatabaseSync, lock: ProcessLock): number {
  return integer(db.prepare("INSERT INTO owners (lock) VALUES (?) RETURNING id").get(lock.name)?.id);
}

/** The processes that have the bus open, and what becomes of the deliveries of one that is gone. */
export class ProcessRegistry {
  readonly #host: ProcessRegistryDependencies;
  readonly #all: StatementSync;
  readonly #exists: StatementSync;
  readonly #delete: StatementSync;
  readonly #claimed: StatementSync;
  #next = 0;
  #looking: Promise<void> | undefined;

  constructor(db: DatabaseSync, host: ProcessRegistryDependencies) {
    this.#host = host;
    this.#all = db.prepare("SELECT id, lock FROM owners ORDER BY id");
    this.#exists = db.prepare("SELECT id FROM owners WHERE id = ?");
    this.#delete = db.prepare("DELETE FROM owners WHERE id = ?");
    this.#claimed = db.prepare(
      `SELECT priority, seq, replay, attempts, ordering, queued, failures FROM deliveries
       WHERE sub = ? AND state = 1 AND owner = ?`,
    );
  }

  /** Looks whether other processes are gone, and takes their deliveries back. One look at a time. */
  look(options: { all: boolean } = { all: false }): Promise<void> {
    this.#looking ??= this.#look(options.all).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async stop(): Promise<void> {
    await this.#looking?.catch(() => {});
  }

  /** Takes away locks that nobody holds and that belong to nobody. */
  sweep(): void {
    sweepLocks(this.#host.file, new Set(this.#all.all().map((row) => text(row.lock))));
  }

  /** Within a transaction: this process has no more to do with the bus. */
  unregister(): void {
    this.#end(this.#host.owner);
  }

  async #look(all: boolean): Promise<void> {
    const others = this.#all.all().filter((row) => row.id !== this.#host.owner);
    const count = all ? others.length : Math.min(probesAtOnce, others.length);
    for (let probe = 0; probe < count; probe += 1) {
      const row = others[this.#next++ % others.length];
      if (row === undefined) continue;
      const lock = ProcessLock.takeOver(this.#host.file, text(row.lock));
      if (lock === undefined) continue;
      // While the lock is held here no third process cleans up the same one.
      try {
        await this.#host.transact(() => this.#deadLetter(integer(row.id)));
      } finally {
        lock.release();
      }
    }
  }

  #deadLetter(owner: number): void {
    if (this.#exists.get(owner) === undefined) return;
    for (const sub of this.#host.subscriptionCache.all()) {
      if (sub.depth.claimed === 0) continue;
      for (const row of this.#claimed.all(sub.id, owner)) this.#takeBack(sub, owner, row);
    }
    this.#end(owner);
  }

  #takeBack(sub: Subscription, owner: number, row: Readonly<Record<string, unknown>>): void {
    const { deadLetters, events, now, queue, replays } = this.#host;
    const key = { sub, priority: integer(row.priority), seq: integer(row.seq), replay: integer(row.replay) };
    const attempt = integer(row.attempts);
    const reason: Failure = {
      code: "process_ended",
      message: `subscription ${sub.record.name}: the process that ran attempt ${attempt} ended before the handler did`,
      at: formatTime(now()),
      attempt,
    };
    const failures = [...readableFailures(row.failures), reason];
    const stored = attempt < sub.record.attempts ? undefined : events.readable(key.seq);
    // One that cannot be read is met, and reported, by the next claim.
    if (stored === undefined) {
      queue.release(key, owner, attempt, failuresColumn(failures));
      return;
    }
    const ordering = optionalText(row.ordering);
    queue.deleteClaimed(key, owner);
    if (ordering !== undefined) queue.promote(sub, ordering);
    if (!stored.history) events.releaseTransient(key.seq);
    deadLetters.insert({
      subscription: sub.record.name,
      replay: key.replay,
      event: replays.mark(stored.event, key.replay),
      reason,
      attempts: attempt,
      failures,
      acceptedAt: optionalInteger(row.queued) ?? stored.accepted,
      diedAt: now(),
    });
  }

  #end(owner: number): void {
    const { subscriptionCache, fairShare, subscriptions } = this.#host;
    for (const sub of [...subscriptionCache.all()]) if (sub.owner === owner) subscriptions.delete(sub);
    fairShare.leave(owner);
    this.#delete.run(owner);
  }
}
