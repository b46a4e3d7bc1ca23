import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { BusError } from "../../../error/bus-error.ts";
import { lockDelay } from "./connection.ts";
import { isBusy, lockedError, storeError } from "./sqlite-error.ts";

/** What is done in one transaction. */
export interface Job {
  /** Within the transaction; may be run again after a rollback. What it throws rolls back and fails the job. */
  run(): void;
  committed(): void;
  failed(error: BusError): void;
}

export interface WriterOptions {
  readonly db: DatabaseSync;
  readonly file: string;
  readonly random: () => number;
  /** Milliseconds for which a lock of another process is waited for. */
  readonly lockWaitMs: number;
  /** The next group of publishes, settlements and claims; undefined where there is nothing to do. */
  nextGroup(): Job | undefined;
  /** The first and the last act of every transaction. */
  begun(): void;
  ending(): void;
  /** After a commit, before its job hears of it. */
  committed(): void;
  /** After a commit, when its job has heard of it. */
  notified(): void;
  /** After a rollback: what the transaction had prepared does not hold. */
  rolledBack(): void;
  /** The lock could not be had within `lockWaitMs`: whoever waits is told. */
  stalled(error: BusError): void;
}

/**
 * After so many transactions the log is carried over into the file, at a moment when nothing is queued: a little at a time
 * costs half a millisecond, while SQLite left to itself waits for 1,000 pages and then takes ten.
 */
const transactionsPerCheckpoint = 25;

/** While the lock cannot be had, the pause between tries, in milliseconds. */
const stalledPauseMs = 100;

/**
 * The one place that writes: one short transaction after the other, each in its own turn of the event loop, so that what
 * else runs in the process is never held up for long. Groups and single tasks take turns.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #checkpoint: StatementSync;
  readonly #rollback: StatementSync;
  readonly #tasks: Job[] = [];
  #scheduled = false;
  #current: Job | undefined;
  #sinceCheckpoint = 0;
  #tries = 0;
  #waitingSince = 0;
  #taskNext = false;
  #idle: (() => void)[] = [];

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#begin = options.db.prepare("BEGIN IMMEDIATE");
    this.#commit = options.db.prepare("COMMIT");
    this.#checkpoint = options.db.prepare("PRAGMA wal_checkpoint(PASSIVE)");
    this.#rollback = options.db.prepare("ROLLBACK");
  }

  /** Has what is queued written soon. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  /** Does one thing in a transaction of its own. */
  run<Result>(act: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      let result: { value: Result } | undefined;
      this.#tasks.push({
        run: () => {
          result = { value: act() };
        },
        committed: () => {
          if (result !== undefined) resolve(result.value);
        },
        failed: reject,
      });
      this.schedule();
    });
  }

  /** Resolves when nothing is queued. */
  idle(): Promise<void> {
    if (!this.#scheduled) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #turn(): void {
    this.#scheduled = false;
    const job = this.#current ?? this.#next();
    if (job !== undefined) {
      this.#current = job;
      this.#attempt(job);
    }
    if (this.#scheduled) return;
    if (this.#sinceCheckpoint >= transactionsPerCheckpoint) this.#writeBack();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #next(): Job | undefined {
    const task = this.#taskNext ? this.#tasks.shift() : undefined;
    if (task !== undefined) {
      this.#taskNext = false;
      return task;
    }
    const group = this.#options.nextGroup();
    this.#taskNext = group !== undefined;
    return group ?? this.#tasks.shift();
  }

  #attempt(job: Job): void {
    const options = this.#options;
    try {
      this.#begin.run();
      options.begun();
      job.run();
      options.ending();
      this.#commit.run();
    } catch (thrown) {
      this.#undo();
      if (isBusy(thrown)) {
        this.#wait(job);
        return;
      }
      this.#done();
      job.failed(storeError(options.file, thrown));
      return;
    }
    this.#sinceCheckpoint += 1;
    this.#done();
    options.committed();
    job.committed();
    options.notified();
  }

  #writeBack(): void {
    this.#sinceCheckpoint = 0;
    try {
      this.#checkpoint.get();
    } catch {
      // Another process is at it, or the disk is full: the log keeps everything, and the next commit tells the caller.
    }
  }

  #undo(): void {
    try {
      if (this.#options.db.isTransaction) this.#rollback.run();
    } catch {
      // The next BEGIN fails, and undoes it before its own job is told.
    }
    this.#options.rolledBack();
  }

  #done(): void {
    this.#current = undefined;
    this.#tries = 0;
    this.schedule();
  }

  #wait(job: Job): void {
    const { file, lockWaitMs, random } = this.#options;
    if (this.#tries === 0) this.#waitingSince = performance.now();
    this.#tries += 1;
    this.#scheduled = true;
    const stalled = performance.now() - this.#waitingSince > lockWaitMs;
    if (stalled) {
      const error = lockedError(file);
      this.#current = undefined;
      job.failed(error);
      for (const task of this.#tasks.splice(0)) task.failed(error);
      this.#options.stalled(error);
    }
    setTimeout(() => this.#turn(), stalled ? stalledPauseMs : lockDelay(this.#tries, random));
  }
}
