import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { BusError } from "../error/bus-error.ts";
import type { OutboxStore } from "../outbox/store.ts";
import type { GlobalOptions } from "./command.ts";
import type { CliIo } from "./io.ts";
import { shortPath } from "./open-bus.ts";

/** The options of every command on an outbox. */
export type OutboxCommandOptions = GlobalOptions & { database?: string; table: string };

/** A command does not add: any transaction will do. */
export type AnyStore = OutboxStore<never, void | Promise<void>>;

/** Opens the store that a command names, and closes it when `use` has ended. */
export async function withStore<Result>(
  io: CliIo,
  command: Command,
  use: (store: AnyStore) => Promise<Result>,
): Promise<Result> {
  const { database, table } = command.optsWithGlobals<OutboxCommandOptions>();
  if (database === undefined) {
    return command.error(
      "error: missing --database; pass the URL of a PostgreSQL database, or the path of a SQLite file",
    );
  }
  const { close, store } = isUrl(database)
    ? await openPostgres(database, table)
    : await openSqlite(io, database, table);
  try {
    return await use(store);
  } finally {
    await close();
  }
}

function isUrl(database: string): boolean {
  return /^postgres(ql)?:\/\//.test(database);
}

interface Opened {
  readonly store: AnyStore;
  close(): Promise<void> | void;
}

async function openPostgres(url: string, table: string): Promise<Opened> {
  const { pgOutbox } = await import("../outbox/sql/postgres-outbox.ts");
  let driver: Pick<typeof import("pg"), "Pool">;
  try {
    driver = (await import("pg")).default;
  } catch (thrown) {
    throw new BusError("invalid_config", "an outbox in PostgreSQL needs the package pg; run: npm install pg", {
      cause: thrown,
    });
  }
  const pool = new driver.Pool({ connectionString: url, max: 2, application_name: "waggle outbox" });
  // A connection that ends while nobody uses it: the next statement opens another.
  pool.on("error", () => {});
  return { store: pgOutbox(pool, { table }), close: () => pool.end() };
}

async function openSqlite(io: CliIo, path: string, table: string): Promise<Opened> {
  const file = resolve(io.cwd, path);
  if (!existsSync(file)) {
    throw new BusError("not_found", `${shortPath(io, file)} does not exist; --database names the file of an outbox`);
  }
  const { sqliteOutbox } = await import("../outbox/sql/sqlite-outbox.ts");
  const { loadSqliteQuietly } = await import("../connect/load-sqlite.ts");
  loadSqliteQuietly();
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(file, { timeout: 1_000 });
  return { store: sqliteOutbox(database, { table }), close: () => database.close() };
}
