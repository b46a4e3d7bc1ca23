import type { Engine, EngineContext } from "../../engine/engine.ts";
import { BusError } from "../../error/bus-error.ts";
import { checkSchema, type SchemaCheck } from "./check.ts";
import { type Connections, PostgresEngine } from "./engine.ts";
import { type ServerHealth, serverHealth } from "./health.ts";
import type { SessionClient } from "./processes/session.ts";
import { Database, type PostgresPool } from "./storage/database.ts";
import { migrate, migrationSql, schemaVersion } from "./storage/migrations.ts";
import { namesOf } from "./storage/names.ts";

export {
  fromDrizzle,
  fromKysely,
  fromPostgresJs,
  fromPrisma,
  type PostgresTransaction,
} from "./publishing/transactions.ts";
export type { PostgresClient, PostgresPool, PostgresStatement } from "./storage/database.ts";

/** What an engine is opened with; durations are milliseconds. */
export interface OpenOptions {
  /** Where the server is; exclusive with `pool`. */
  readonly url?: string | undefined;
  /** A pool of the caller's, which the caller ends. */
  readonly pool?: PostgresPool | undefined;
  /** Where notifications are taken from: not through a pooler; `false`: nowhere. Default: `url`. */
  readonly listenUrl?: string | false | undefined;
  /** Default `waggle`. */
  readonly schema?: string | undefined;
  /** Whether the schema may be made, and brought up to date. Default true. */
  readonly migrate?: boolean | undefined;
  /** Default 30 days. */
  readonly retention?: number | undefined;
  /** Default 100,000. */
  readonly maxPending?: number | undefined;
  /** Default 30 s. */
  readonly lease?: number | undefined;
  /** Default 10 s. */
  readonly closeWaitMs?: number | undefined;
}

const dayMs = 86_400_000;
/** Connections of a pool that the engine opens itself: it appends by one, settles by another, and reads by the rest. */
const poolSize = 6;

/** Opens the bus in a schema of a PostgreSQL database, which it makes where it is not there. `invalid_config`, `unavailable`. */
export async function openPostgres(options: OpenOptions, context: EngineContext): Promise<Engine> {
  const names = namesOf(options.schema ?? "waggle");
  const connections = await connect(options);
  try {
    await checkIsolation(connections.database);
    await migrate(connections.database, names, options.migrate ?? true);
    const engine = new PostgresEngine(connections, {
      ...context,
      names,
      retention: options.retention ?? 30 * dayMs,
      maxPending: options.maxPending ?? 100_000,
      leaseMs: options.lease ?? 30_000,
      closeWaitMs: options.closeWaitMs ?? 10_000,
    });
    await engine.start();
    return engine;
  } catch (thrown) {
    await connections.end();
    throw thrown;
  }
}

/**
 * The SQL that makes the schema of a bus, or brings one of an earlier version up to date. `invalid_config` for a name that it
 * cannot have, or a version that there is nothing to do for.
 */
export function migrationText(schema: string, from = 0): string {
  if (from >= schemaVersion) {
    throw new BusError(
      "invalid_config",
      `from must be a version before ${schemaVersion}, which is what this program works with, not ${from}`,
    );
  }
  return migrationSql(namesOf(schema), from);
}

/** Makes the schema of a bus, or brings it up to date; gives its version. */
export async function migratePostgres(source: { readonly url: string; readonly schema: string }): Promise<number> {
  const names = namesOf(source.schema);
  const connections = await connect({ url: source.url, listenUrl: false });
  try {
    await migrate(connections.database, names, true);
    return schemaVersion;
  } finally {
    await connections.end();
  }
}

/** Looks at the schema of a bus and at its server, and changes nothing. `unavailable` where the database cannot be reached. */
export async function checkPostgres(source: {
  readonly url: string;
  readonly schema: string;
}): Promise<SchemaCheck & { readonly health: ServerHealth }> {
  const names = namesOf(source.schema);
  const { Client } = await loadDriver();
  const { database, end } = await connect({ url: source.url, listenUrl: false });
  try {
    const schema = await checkSchema(database, names);
    const newClient = () => new Client({ connectionString: source.url, application_name: "waggle doctor" });
    return { ...schema, health: await serverHealth(database, newClient, names) };
  } finally {
    await end();
  }
}

async function connect({ listenUrl, pool, url }: OpenOptions): Promise<Connections> {
  const { Client, Pool } = await loadDriver();
  const direct = listenUrl ?? url;
  const newClient =
    direct === undefined || direct === false
      ? undefined
      : (): SessionClient =>
          new Client({ connectionString: direct, application_name: "waggle listen", keepAlive: true });
  if (pool !== undefined) return { database: new Database(pool, pool), newClient, end: async () => {} };
  const own = new Pool({
    connectionString: url,
    max: poolSize,
    application_name: "waggle",
    allowExitOnIdle: true,
    keepAlive: true,
  });
  // A connection that ends while nobody uses it: the next call opens another.
  own.on("error", () => {});
  return { database: new Database(own, url), newClient, end: () => own.end() };
}

/** Readers rely on it that each statement sees what was committed before it. */
async function checkIsolation(database: Database): Promise<void> {
  const [row] = await database.query("SELECT current_setting('default_transaction_isolation') AS level");
  if (row?.level === "read committed") return;
  throw new BusError(
    "invalid_config",
    `the bus needs transactions that are "read committed", and those of this role are "${row?.level}"; run ALTER ROLE … SET default_transaction_isolation = 'read committed', or use another role`,
  );
}

async function loadDriver() {
  try {
    const { default: driver } = await import("pg");
    return driver;
  } catch (thrown) {
    throw new BusError("invalid_config", 'engine "postgres" needs the package pg; run: npm install pg', {
      cause: thrown,
    });
  }
}
