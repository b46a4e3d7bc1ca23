import { setTimeout as wait } from "node:timers/promises";
import type { OutboxRecord, OutboxStore } from "../store.ts";
import type { OutboxTableOptions } from "./postgres-outbox.ts";
import { addValues, SqlStore, type SqlValue } from "./sql-store.ts";
import { type Dialect, defaultTable, statementsOf } from "./statements.ts";

/** A statement of SQLite. */
export interface SqliteStatement {
  /** Runs it and gives the rows as objects. */
  all(...values: SqlValue[]): unknown[];
  /** Runs one that gives no rows. */
  run(...values: SqlValue[]): unknown;
}

/** What the outbox needs of a database: a `DatabaseSync` of `node:sqlite`, or a `Database` of `better-sqlite3`. */
export interface SqliteDatabase {
  /** Compiles a statement. */
  prepare(sql: string): SqliteStatement;
  /** Whether a transaction is open, as `node:sqlite` says it. */
  readonly isTransaction?: boolean;
  /** Whether a transaction is open, as `better-sqlite3` says it. */
  readonly inTransaction?: boolean;
}

const sqlite: Dialect = {
  now: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
  // AUTOINCREMENT: a number is not given again, so that what comes later has the greater one.
  serial: "INTEGER PRIMARY KEY AUTOINCREMENT",
  texts: "SELECT value FROM json_each(?)",
  outcomes:
    "SELECT value ->> 'seq' AS seq, value ->> 'state' AS state, value ->> 'delay' AS delay, value ->> 'code' AS code, value ->> 'message' AS message FROM json_each(?)",
  busyTable: "",
};

/** Milliseconds until it is looked again whether the caller's transaction has ended. */
const againMs = 5;

/**
 * An outbox in a table of your SQLite database. `tx` of `add` is the database itself, or another handle of the same file, in a
 * transaction; `add` is synchronous, so that it works inside `transaction(() => ...)`. The relay uses the database while none of
 * your transactions is open on it; a handle of its own is better. `invalid_config` for a wrong name.
 */
export function sqliteOutbox(
  database: SqliteDatabase,
  { table = defaultTable }: OutboxTableOptions = {},
): OutboxStore<SqliteDatabase, void> {
  return new SqliteOutbox(database, table);
}

class SqliteOutbox extends SqlStore<SqliteDatabase, void> {
  constructor(database: SqliteDatabase, table: string) {
    super(table, statementsOf(table, sqlite), {
      rows: async (sql, values) => {
        await ownTurn(database);
        return database.prepare(sql).all(...values);
      },
      run: async (sql, values) => {
        await ownTurn(database);
        database.prepare(sql).run(...values);
      },
      script: async (statements) => {
        await ownTurn(database);
        for (const statement of statements) database.prepare(statement).run();
      },
    });
  }

  add(tx: SqliteDatabase, record: OutboxRecord): void {
    tx.prepare(this.statements.add).run(...addValues(record));
  }
}

/** A statement within the caller's open transaction would see what may never be committed, and end with it. */
async function ownTurn(database: SqliteDatabase): Promise<void> {
  while (database.isTransaction === true || database.inTransaction === true) await wait(againMs);
}
