import type { PostgresTransaction } from "../../engines/postgres/index.ts";
import type { OutboxRecord, OutboxStore } from "../store.ts";
import { addValues, SqlStore, type SqlValue } from "./sql-store.ts";
import { type Dialect, defaultTable, statementsOf } from "./statements.ts";

/** What the outbox needs of a `pg.Pool`. */
export interface OutboxPool {
  /** Runs one statement on any connection, or several without parameters. */
  query(text: string, values?: SqlValue[]): Promise<{ rows: unknown[] }>;
}

/** Options of {@link pgOutbox} and {@link sqliteOutbox}. */
export interface OutboxTableOptions {
  /** The table, 1 to 40 of a-z, 0-9 and _, with its schema if need be: `app.waggle_outbox`. Default `waggle_outbox`. */
  readonly table?: string;
}

const postgres: Dialect = {
  now: "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
  serial: "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
  texts: "SELECT value FROM json_array_elements_text(CAST(? AS json)) AS texts(value)",
  outcomes:
    "SELECT * FROM json_to_recordset(CAST(? AS json)) AS r(seq bigint, state text, delay bigint, code text, message text)",
  busyTable: " WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000)",
};

/**
 * An outbox in a table of your PostgreSQL. `tx` of `add` is a client of `pg` in a transaction, or what an adapter of
 * `wagglebus/postgres` makes of another library's transaction. The relay uses the pool, which may be behind PgBouncer.
 * `invalid_config` for a wrong name.
 */
export function pgOutbox(
  pool: OutboxPool,
  { table = defaultTable }: OutboxTableOptions = {},
): OutboxStore<PostgresTransaction, Promise<void>> {
  return new PostgresOutbox(pool, table);
}

/** The statements that make the table of an outbox in PostgreSQL. */
export function postgresOutboxSql(table: string): string {
  return joined(["BEGIN", lock, ...statementsOf(table, postgres).create, "COMMIT"]);
}

class PostgresOutbox extends SqlStore<PostgresTransaction, Promise<void>> {
  constructor(pool: OutboxPool, table: string) {
    super(table, statementsOf(table, postgres), {
      rows: async (sql, values) => (await pool.query(numbered(sql), [...values])).rows,
      run: async (sql, values) => {
        await pool.query(numbered(sql), [...values]);
      },
      // Without parameters several statements are one query, which is one transaction.
      script: async (statements) => {
        await pool.query(joined([lock, ...statements]));
      },
    });
  }

  async add(tx: PostgresTransaction, record: OutboxRecord): Promise<void> {
    await tx.query(numbered(this.statements.add), addValues(record));
  }
}

/** Two programs that make the same table at once would stand in each other's way. */
const lock = "SELECT pg_advisory_xact_lock(hashtextextended('waggle outbox', 0))";

function joined(statements: readonly string[]): string {
  return statements.map((statement) => `${statement};\n`).join("");
}

function numbered(sql: string): string {
  let number = 0;
  return sql.replaceAll("?", () => {
    number += 1;
    return `$${number}`;
  });
}
