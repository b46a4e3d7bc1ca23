import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { migrate, schemaVersion } from "./migrations.ts";
import { createSchema, readVersion } from "./schema.ts";
import { isBusy, storeError } from "./sqlite-error.ts";

export interface ConnectionOptions {
  readonly file: string;
  /** "full" syncs with each commit: what was accepted survives a power cut. "normal": the end of the process only. */
  readonly synchronous: "full" | "normal";
  /** Milliseconds for which a lock of another process is waited for. */
  readonly lockWaitMs: number;
  readonly random: () => number;
  /** Bytes to which SQLite cuts its write-ahead log when it begins it anew; default 16 MiB. */
  readonly logLimit?: number;
}

/** Four times what SQLite lets it grow to by itself while nothing holds it. */
export const defaultLogLimit = 16 * 1_024 * 1_024;

/** Milliseconds until a lock is tried again: short, growing, and random, so that waiting processes do not march in step. */
export function lockDelay(tries: number, random: () => number): number {
  return Math.min(5, 0.2 * 2 ** Math.min(tries, 5)) * (0.5 + random());
}

/** How long and how a lock is waited for. */
export type LockWait = Pick<ConnectionOptions, "file" | "lockWaitMs" | "random">;

/** Tries again while another process holds the lock, without blocking. `unavailable` after `lockWaitMs`. */
export async function whenFree<Result>({ file, lockWaitMs, random }: LockWait, act: () => Result): Promise<Result> {
  const since = performance.now();
  for (let tries = 0; ; tries += 1) {
    try {
      return act();
    } catch (thrown) {
      if (!isBusy(thrown) || performance.now() - since > lockWaitMs) throw storeError(file, thrown);
      await wait(lockDelay(tries, random));
    }
  }
}

/**
 * Opens the file. A new one becomes a bus, one of an earlier schema version is migrated, and anything else is refused as it
 * is: `invalid_config`, `unavailable`.
 */
export function openConnection(options: ConnectionOptions): Promise<DatabaseSync> {
  return whenFree(options, () => open(options));
}

function open({ file, synchronous, logLimit = defaultLogLimit }: ConnectionOptions): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true });
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    const found = readVersion(db, file);
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};`);
    db.exec(`PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32000; PRAGMA journal_size_limit = ${logLimit};`);
    if (found !== schemaVersion) bringUpToDate(db, file);
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

/** In one transaction, under the write lock: where several processes open the file at once, one of them does it. */
function bringUpToDate(db: DatabaseSync, file: string): void {
  db.exec("BEGIN IMMEDIATE");
  // Another process may have done it since.
  const found = readVersion(db, file);
  if (found === undefined) createSchema(db);
  else migrate(db, found);
  db.exec("COMMIT");
}
