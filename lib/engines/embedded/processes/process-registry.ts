import type { DatabaseSync, StatementSync } from "node:sqlite";
import { processEndedFailure } from "../../../delivery/dead-letter.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import type { DeliveryTable } from "../deliveries/delivery-table.ts";
import type { FairShare } from "../deliveries/fair-share.ts";
import type { OutcomeTable } from "../deliveries/outcome-table.ts";
import { asDelivered, type Replays } from "../deliveries/replays.ts";
import { failuresColumn } from "../deliveries/settlements.ts";
import type { EventTable } from "../publishing/event-table.ts";
import type { FileIdentity } from "../storage/file-identity.ts";
import { integer, optionalInteger, optionalText, readableFailures, text } from "../storage/rows.ts";
import type { WriteAheadLog } from "../storage/write-ahead-log.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { SubscriptionTable } from "../subscriptions/subscription-table.ts";
import { ProcessLock, sweepLocks } from "./process-lock.ts";

export interface ProcessRegistryDependencies {
  readonly file: string;
  readonly identity: FileIdentity;
  readonly writeAheadLog: WriteAheadLog;
  /** This process. */
  readonly processId: number;
  readonly subscriptionCache: SubscriptionCache;
  readonly queue: DeliveryTable;
  readonly events: EventTable;
  readonly deadLetters: DeadLetterTable;
  readonly outcomes: OutcomeTable;
  readonly subscriptions: SubscriptionTable;
  readonly replays: Replays;
  readonly fairShare: FairShare;
  /** Milliseconds between two checks whether other processes are gone. */
  readonly checkMs: number;
  now(): number;
  /** Does one thing in a transaction of its own. */
  transact<Result>(act: () => Result): Promise<Result>;
  /** Reports where the work fails. */
  inBackground(work: Promise<void>): void;
}

/** Locks tried in one check: one costs 0.4 ms. */
const locksAtOnce = 8;

/**
 * Lists a process by the lock it holds; gives its number, as rows name it. The lock is taken before: a process that is
 * listed and whose lock is free counts as gone.
 */
export function register(db: DatabaseSync, lock: ProcessLock): number {
  return integer(db.prepare("INSERT INTO processes (lock) VALUES (?) RETURNING id").get(lock.name)?.id);
}

/** The processes that have the bus open, and what becomes of the deliveries of one that is gone. */
export class ProcessRegistry {
  readonly #dependencies: ProcessRegistryDependencies;
  readonly #all: StatementSync;
  readonly #exists: StatementSync;
  readonly #delete: StatementSync;
  readonly #claimed: StatementSync;
  #timer: NodeJS.Timeout | undefined;
  #next = 0;
  #checking: Promise<void> | undefined;

  constructor(db: DatabaseSync, dependencies: ProcessRegistryDependencies) {
    this.#dependencies = dependencies;
    this.#all = db.prepare("SELECT id, lock FROM processes ORDER BY id");
    this.#exists = db.prepare("SELECT id FROM processes WHERE id = ?");
    this.#delete = db.prepare("DELETE FROM processes WHERE id = ?");
    this.#claimed = db.prepare(
      `SELECT priority, seq, replay, attempts, ordering, queued, failures FROM deliveries
       WHERE sub = ? AND state = 1 AND process_id = ?`,
    );
  }

  /**
   * Takes back what processes that are gone have left, and checks from time to time whether others are, whether the file is
   * there, and how long its log is.
   */
  async start(): Promise<void> {
    const { checkMs, file } = this.#dependencies;
    sweepLocks(file, new Set(this.#all.all().map((row) => text(row.lock))));
    await this.#check({ all: true });
    this.#dependencies.writeAheadLog.check();
    this.#timer = setInterval(() => this.#checkFile(), checkMs).unref();
  }

  /** Resolves when the check that runs has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#checking?.catch(() => {});
  }

  /** Within a transaction: this process has left the bus. */
  unregister(): void {
    this.#end(this.#dependencies.processId);
  }

  /** Says once that the file is gone: nobody else is found by it any more. */
  #checkFile(): void {
    const { identity, inBackground, writeAheadLog } = this.#dependencies;
    const lost = identity.lost();
    if (lost === undefined) writeAheadLog.check();
    else clearInterval(this.#timer);
    inBackground(lost === undefined ? this.#check({ all: false }) : Promise.reject(lost));
  }

  /** One check at a time. */
  #check(options: { all: boolean }): Promise<void> {
    this.#checking ??= this.#takeBackFromGone(options).finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #takeBackFromGone({ all }: { all: boolean }): Promise<void> {
    const { file, processId, transact } = this.#dependencies;
    const others = this.#all.all().filter((row) => row.id !== processId);
    const count = all ? others.length : Math.min(locksAtOnce, others.length);
    for (let tried = 0; tried < count; tried += 1) {
      const row = others[this.#next++ % others.length];
      if (row === undefined) continue;
      const lock = ProcessLock.takeOver(file, text(row.lock));
      if (lock === undefined) continue;
      // While the lock is held here no third process cleans up after the same one.
      try {
        await transact(() => this.#takeBackFrom(integer(row.id)));
      } finally {
        lock.release();
      }
    }
  }

  #takeBackFrom(gone: number): void {
    if (this.#exists.get(gone) === undefined) return;
    for (const sub of this.#dependencies.subscriptionCache.all()) {
      if (sub.depth.claimed === 0) continue;
      for (const row of this.#claimed.all(sub.id, gone)) this.#takeBack(sub, gone, row);
    }
    this.#end(gone);
  }

  /** A delivery runs again, or is dead where that was its last attempt. */
  #takeBack(sub: Subscription, gone: number, row: Readonly<Record<string, unknown>>): void {
    const { deadLetters, events, now, outcomes, queue, replays } = this.#dependencies;
    const key = { sub, priority: integer(row.priority), seq: integer(row.seq), replay: integer(row.replay) };
    const attempt = integer(row.attempts);
    const failures = readableFailures(row.failures);
    const reason = processEndedFailure(sub.record.name, attempt, now());
    const stored = attempt < sub.record.attempts ? undefined : events.readable(key.seq);
    // One that cannot be read is met, and reported, by the next claim.
    if (stored === undefined) {
      queue.release(key, gone, attempt, failuresColumn([...failures, reason]));
      return;
    }
    const ordering = optionalText(row.ordering);
    queue.deleteClaimed(key, gone);
    if (ordering !== undefined) queue.promote(sub, ordering, now());
    const replayId = replays.idOf(key.replay);
    const event = asDelivered(stored.event, replayId);
    const acceptedAt = optionalInteger(row.queued) ?? stored.acceptedAt;
    const delivery = { subscription: sub.record.name, event, attempt, acceptedAt, failures, replayId };
    deadLetters.add(delivery, reason, now());
    if (!stored.history) events.releaseTransient(key.seq);
    else outcomes.add({ ...key, ...delivery }, "dead", undefined, reason, now());
  }

  #end(processId: number): void {
    const { subscriptionCache, fairShare, subscriptions } = this.#dependencies;
    for (const sub of [...subscriptionCache.all()]) if (sub.processId === processId) subscriptions.delete(sub);
    fairShare.leave(processId);
    this.#delete.run(processId);
  }
}
