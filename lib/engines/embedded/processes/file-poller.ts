import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isBusy } from "../storage/sqlite-error.ts";

export interface FilePollerOptions {
  /** Milliseconds between two polls. */
  readonly pollMs: number;
  /** Whether somebody in this process wants to know. */
  wanted(): boolean;
  /** At each poll. */
  polled(): void;
  /** Another process has written. */
  changed(): void;
}

/** Milliseconds of quiet after which the file is polled less often, and how much less often then. */
const quietAfterMs = 1_000;
const quietFactor = 5;

/**
 * Notices what other processes write, by a counter that SQLite keeps and that costs 3 µs to read; polls it only while
 * somebody in this process wants to know.
 */
export class FilePoller {
  readonly #options: FilePollerOptions;
  readonly #version: StatementSync;
  #last: unknown;
  #lastChange = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(db: DatabaseSync, options: FilePollerOptions) {
    this.#options = options;
    this.#version = db.prepare("PRAGMA data_version");
  }

  /** Polls from now on, while it is wanted. */
  start(): void {
    const { pollMs, wanted } = this.#options;
    if (this.#timer !== undefined || this.#stopped || !wanted()) return;
    const quiet = performance.now() - this.#lastChange > quietAfterMs;
    this.#timer = setTimeout(() => this.#poll(), quiet ? pollMs * quietFactor : pollMs).unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #poll(): void {
    this.#timer = undefined;
    this.#options.polled();
    try {
      const version = this.#version.get()?.data_version;
      if (version !== this.#last) {
        this.#options.changed();
        this.#last = version;
        this.#lastChange = performance.now();
      }
    } catch (thrown) {
      // The next poll tries again; a failure that lasts is met by whoever writes.
      if (!isBusy(thrown)) this.#lastChange = 0;
    }
    this.start();
  }
}
