import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { defaultLogLimit } from "./storage/connection.ts";
import { schemaVersion } from "./storage/migrations.ts";
import { readVersion } from "./storage/schema.ts";
import { storeError } from "./storage/sqlite-error.ts";

/** How the file of a bus stands. */
export interface FileCheck {
  /** The version of its schema; undefined where the file is empty. */
  readonly version: number | undefined;
  /** The version that this program writes. A file of an earlier one is migrated when a bus is opened on it. */
  readonly supported: number;
  readonly bytes: number;
  /** Bytes of the write-ahead log, and above how many it is cut back where no reader holds it. */
  readonly logBytes: number;
  readonly logLimit: number;
  /** What SQLite finds damaged, at most ten lines; empty where the file is whole. Undefined where it was not asked to look. */
  readonly damage: readonly string[] | undefined;
}

/**
 * Looks at the file of a bus and changes nothing. `integrity` reads all of it, which takes about a second a gigabyte.
 * `invalid_config` where it is no bus or of a newer version; `unavailable` where it cannot be read.
 */
export function checkFile(file: string, { integrity }: { readonly integrity: boolean }): FileCheck {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true });
    const version = readVersion(db, file);
    const rows = integrity ? db.prepare("PRAGMA quick_check(10)").all() : undefined;
    const lines = rows?.map((row) => String(row.quick_check));
    return {
      version,
      supported: schemaVersion,
      bytes: sizeOf(file),
      logBytes: sizeOf(`${file}-wal`),
      logLimit: defaultLogLimit,
      damage: lines?.filter((line) => line !== "ok"),
    };
  } catch (thrown) {
    throw storeError(file, thrown);
  } finally {
    db?.close();
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
