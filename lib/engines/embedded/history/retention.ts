import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import type { Clock, Timer } from "../../../runtime/clock.ts";
import { integer } from "../storage/rows.ts";
import type { PendingDeletions } from "../subscriptions/pending-deletions.ts";
import type { BlockCleaner } from "./block-cleaner.ts";
import { blockOf, blockSize } from "./postings.ts";

export interface RetentionDependencies {
  readonly clock: Clock;
  readonly blockCleaner: BlockCleaner;
  readonly pendingDeletions: PendingDeletions;
  /** Milliseconds for which history is kept. */
  readonly retention: number;
  /** Whether callers wait for a transaction. */
  busy(): boolean;
  now(): number;
  /** Does one thing in a transaction of its own. */
  transact<Result>(act: () => Result): Promise<Result>;
  /** Reports where the work fails. */
  inBackground(work: Promise<void>): void;
}

/** Milliseconds between two runs. */
const everyMs = 60_000;
/** Milliseconds between two steps while callers wait: then four fifths of the time are theirs. */
const pauseMs = 10;
/** Remembered ids deleted in one transaction. */
const idsAtOnce = 512;

/**
 * Deletes, once a minute, what is older than the retention, a block in a transaction, so that publishers hardly notice.
 * Events that are not delivered everywhere are spared. Freed pages are used again; the file does not shrink.
 */
export class Retention {
  readonly #dependencies: RetentionDependencies;
  readonly #oldBlock: StatementSync;
  readonly #oldTransient: StatementSync;
  readonly #deleteSeen: StatementSync;
  #timer: Timer;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(db: DatabaseSync, dependencies: RetentionDependencies) {
    this.#dependencies = dependencies;
    this.#oldBlock = db.prepare("SELECT min(block) AS block FROM blocks WHERE block > ? AND min_accepted < ?");
    this.#oldTransient = db.prepare(
      "SELECT min(t.seq) AS seq FROM transients AS t JOIN events AS e ON e.seq = t.seq WHERE t.seq >= ? AND e.accepted < ?",
    );
    this.#deleteSeen = db.prepare(
      "DELETE FROM seen WHERE (id, sub) IN (SELECT id, sub FROM seen WHERE until <= ? LIMIT ?)",
    );
  }

  /** Runs now, and then once a minute. */
  start(): void {
    if (this.#stopped) return;
    this.runSoon();
    this.#timer = this.#dependencies.clock.setTimer(() => this.start(), everyMs);
  }

  /** Runs once more, as there is something to delete. */
  runSoon(): void {
    this.#dependencies.inBackground(this.#runOnce());
  }

  /** Resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#dependencies.clock.clearTimer(this.#timer);
    await this.#running?.catch(() => {});
  }

  /** One run at a time. */
  #runOnce(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    const { blockCleaner, busy, now, pendingDeletions, retention, transact } = this.#dependencies;
    while (!this.#stopped && pendingDeletions.any()) await transact(() => pendingDeletions.step());
    const cutoff = now() - retention;
    for (let block = this.#nextOld(-1, cutoff); block !== undefined && !this.#stopped; ) {
      const current = block;
      await transact(() => blockCleaner.clean(current, cutoff));
      if (busy()) await wait(pauseMs, undefined, { ref: false });
      block = this.#nextOld(current, cutoff);
    }
    for (let deleted = idsAtOnce; !this.#stopped && deleted === idsAtOnce; ) {
      deleted = await transact(() => Number(this.#deleteSeen.run(now(), idsAtOnce).changes));
    }
  }

  /** The next block after one that holds what is older. */
  #nextOld(block: number, cutoff: number): number | undefined {
    const recorded = this.#oldBlock.get(block, cutoff)?.block;
    const transient = this.#oldTransient.get((block + 1) * blockSize, cutoff)?.seq;
    const blocks = [
      ...(recorded === null || recorded === undefined ? [] : [integer(recorded)]),
      ...(transient === null || transient === undefined ? [] : [blockOf(integer(transient))]),
    ];
    return blocks.length === 0 ? undefined : Math.min(...blocks);
  }
}
