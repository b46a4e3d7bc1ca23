import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isBusy } from "../storage/sqlite-error.ts";

/** Milliseconds of quiet after which the file is looked at less often, and how often then. */
const quietAfterMs = 1_000;
const quietFactor = 5;

/**
 * Notices what other processes write, by a counter that SQLite keeps and that costs 3 µs to read; looks at it only while
 * somebody in this process wants to know. What this process writes is told at once, by `notify`.
 */
export class FileChanges {
  readonly #version: StatementSync;
  readonly #pollMs: number;
  readonly #wanted: () => boolean;
  readonly #onLook: () => void;
  readonly #onForeign: () => void;
  readonly #listeners = new Set<() => void>();
  #last: unknown;
  #lastChange = 0;
  #timer: NodeJS.Timeout | undefined;
  #notified = false;
  #stopped = false;

  constructor(
    db: DatabaseSync,
    options: { pollMs: number; wanted: () => boolean; onLook: () => void; onForeign: () => void },
  ) {
    this.#version = db.prepare("PRAGMA data_version");
    this.#pollMs = options.pollMs;
    this.#wanted = options.wanted;
    this.#onLook = options.onLook;
    this.#onForeign = options.onForeign;
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.watch();
    return () => this.#listeners.delete(listener);
  }

  /** Many changes make one call. */
  notify(): void {
    if (this.#notified || this.#listeners.size === 0) return;
    this.#notified = true;
    queueMicrotask(() => {
      this.#notified = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }

  /** Looks at the file from now on, while somebody wants to know. */
  watch(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    if (this.#listeners.size === 0 && !this.#wanted()) return;
    const quiet = performance.now() - this.#lastChange > quietAfterMs;
    this.#timer = setTimeout(() => this.#look(), quiet ? this.#pollMs * quietFactor : this.#pollMs).unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#listeners.clear();
  }

  #look(): void {
    this.#timer = undefined;
    this.#onLook();
    try {
      const version = this.#version.get()?.data_version;
      if (version !== this.#last) {
        this.#last = version;
        this.#lastChange = performance.now();
        this.#onForeign();
        this.notify();
      }
    } catch (thrown) {
      // The next look will tell; a failure that lasts is met by whoever writes.
      if (!isBusy(thrown)) this.#lastChange = 0;
    }
    this.watch();
  }
}
