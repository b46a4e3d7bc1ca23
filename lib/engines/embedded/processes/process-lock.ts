import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isBusy } from "../storage/sqlite-error.ts";

/** The folder of the locks of a bus: one small file for each process that has it open. */
function lockFolder(file: string): string {
  return `${file}-locks`;
}

/**
 * Holds a lock of the operating system for as long as this process has the bus open. It ends with the process however
 * that ends, and not while the process is stopped; so whoever gets it knows that its holder is gone. Only SQLite may
 * open the file: closing any other handle of it would drop the lock.
 */
export class ProcessLock {
  readonly name: string;
  readonly #path: string;
  readonly #db: DatabaseSync;

  private constructor(name: string, path: string, db: DatabaseSync) {
    this.name = name;
    this.#path = path;
    this.#db = db;
  }

  /** A new lock under a new name. */
  static take(file: string): ProcessLock {
    const folder = lockFolder(file);
    mkdirSync(folder, { recursive: true });
    for (;;) {
      const name = randomUUID();
      const path = join(folder, `${name}.lock`);
      const db = hold(path);
      // Another process may have swept the file away before it was locked.
      if (db !== undefined && existsSync(path)) return new ProcessLock(name, path, db);
      db?.close();
    }
  }

  /** The lock of a process that is gone, to be released when it is cleaned up; undefined while that process lives. */
  static takeOver(file: string, name: string): ProcessLock | undefined {
    const path = join(lockFolder(file), `${name}.lock`);
    mkdirSync(lockFolder(file), { recursive: true });
    const db = hold(path);
    return db === undefined ? undefined : new ProcessLock(name, path, db);
  }

  /** Lets go, and deletes the lock's file. */
  release(): void {
    rmSync(this.#path, { force: true });
    this.#db.close();
  }
}

/** A younger file may be of a process that is just starting. */
const minAgeMs = 60_000;

/** Deletes lock files that belong to no known process and that nobody holds. */
export function sweepLocks(file: string, known: ReadonlySet<string>): void {
  for (const entry of readdirSync(lockFolder(file))) {
    const name = entry.replace(/\.lock$/, "");
    if (name === entry || known.has(name)) continue;
    const age =
      Date.now() - (statSync(join(lockFolder(file), entry), { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > minAgeMs) ProcessLock.takeOver(file, name)?.release();
  }
}

function hold(path: string): DatabaseSync | undefined {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    // In memory, since no journal file may outlive the process.
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return db;
  } catch (thrown) {
    db.close();
    if (isBusy(thrown)) return undefined;
    throw thrown;
  }
}
