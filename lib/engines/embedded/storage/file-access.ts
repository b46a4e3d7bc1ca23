import type { DatabaseSync } from "node:sqlite";
import { busClosed } from "../../../engine/errors.ts";
import { type LockWait, whenFree } from "./connection.ts";
import { storeError } from "./sqlite-error.ts";

export interface FileAccessDependencies {
  readonly db: DatabaseSync;
  /** How another process's lock is waited for. */
  readonly lockWait: LockWait;
  /** Reads what other processes have changed. */
  refresh(): void;
  /** Does one thing in a transaction of its own. */
  transact<Result>(act: () => Result): Promise<Result>;
}

/** How the ports reach the file: never blocking, with `unavailable` for what fails there, and `closed` after the close. */
export class FileAccess {
  readonly #dependencies: FileAccessDependencies;
  #closed = false;

  constructor(dependencies: FileAccessDependencies) {
    this.#dependencies = dependencies;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** From now on everything rejects. */
  close(): void {
    this.#closed = true;
  }

  async read<Result>(act: () => Result): Promise<Result> {
    this.#checkOpen();
    return whenFree(this.#dependencies.lockWait, act);
  }

  /** Reads all of it as of one moment, with what other processes have changed. */
  async snapshot<Result>(act: () => Result): Promise<Result> {
    const { db, refresh } = this.#dependencies;
    return this.read(() => {
      db.exec("BEGIN");
      try {
        refresh();
        return act();
      } finally {
        db.exec("ROLLBACK");
      }
    });
  }

  /** Reads in several turns of the event loop. */
  async readInTurns<Result>(read: () => Promise<Result>): Promise<Result> {
    this.#checkOpen();
    try {
      return await read();
    } catch (thrown) {
      throw this.#closed ? busClosed() : storeError(this.#dependencies.lockWait.file, thrown);
    }
  }

  /** Does one thing in a transaction of its own. */
  async write<Result>(act: () => Result): Promise<Result> {
    this.#checkOpen();
    return this.#dependencies.transact(act);
  }

  #checkOpen(): void {
    if (this.#closed) throw busClosed();
  }
}
