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
      "error: missing --database; pass the URL of a PostgreSQL database, the path of a SQLite file, or dynamodb://<table>",
    );
  }
  const { close, store } = await open(io, command, database, table);
  try {
    return await use(store);
  } finally {
    await close();
  }
}

async function open(io: CliIo, command: Command, database: string, table: string): Promise<Opened> {
  if (/^postgres(ql)?:\/\//.test(database)) return openPostgres(database, table);
  const [, dynamo] = /^dynamodb:\/\/(.*)$/.exec(database) ?? [];
  if (dynamo === undefined) return openSqlite(io, database, table);
  if (command.getOptionValueSourceWithGlobals("table") === "default") return openDynamo(dynamo);
  return command.error("error: --table is not for DynamoDB; pass --database dynamodb://<table>");
}

interface Opened {
  readonly store: AnyStore;
  close(): Promise<void> | void;
}

async function openPostgres(url: string, table: string): Promise<Opened> {
  const { pgOutbox } = await import("../outbox/sql/postgres-outbox.ts");
  const driver = await loadDriver();
  const pool = new driver.Pool({ connectionString: url, max: 2, application_name: "waggle outbox" });
  // A connection that ends while nobody uses it: the next statement opens another.
  pool.on("error", () => {});
  return { store: pgOutbox(pool, { table }), close: () => pool.end() };
}

async function loadDriver() {
  try {
    return (await import("pg")).default;
  } catch (thrown) {
    throw new BusError("invalid_config", "an outbox in PostgreSQL needs the package pg; run: npm install pg", {
      cause: thrown,
    });
  }
}

/** Region, endpoint and credentials are those of the environment, as for every AWS client. */
async function openDynamo(table: string): Promise<Opened> {
  const { DynamoDBClient, dynamoOutbox } = await loadDynamo();
  const client = new DynamoDBClient();
  return { store: dynamoOutbox(client, { table }), close: () => client.destroy() };
}

async function loadDynamo() {
  try {
    const [{ DynamoDBClient }, { dynamoOutbox }] = await Promise.all([
      import("@aws-sdk/client-dynamodb"),
      import("../outbox/dynamo/dynamo-outbox.ts"),
    ]);
    return { DynamoDBClient, dynamoOutbox };
  } catch (thrown) {
    throw new BusError(
      "invalid_config",
      "an outbox in DynamoDB needs the package @aws-sdk/client-dynamodb; run: npm install @aws-sdk/client-dynamodb",
      { cause: thrown },
    );
  }
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
