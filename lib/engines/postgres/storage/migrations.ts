import { BusError } from "../../../error/bus-error.ts";
import type { Database, Transaction } from "./database.ts";
import type { Names } from "./names.ts";
import { integer } from "./rows.ts";
import { appendFunction } from "./schema/append.ts";
import { countFunctions, countsTables } from "./schema/counts.ts";
import { feedsTable, takeOverFunction } from "./schema/feeds.ts";
import { historyFunctions } from "./schema/history.ts";
import { maintenanceFunctions } from "./schema/maintenance.ts";
import { processFunctions } from "./schema/processes.ts";
import { requeueFunction } from "./schema/requeue.ts";
import {
  busColumn,
  clockFunction,
  documentsTable,
  firstTables,
  outcomesIndex,
  outcomesTable,
} from "./schema/tables.ts";
import { workFunction } from "./schema/work.ts";

/** Partitions made ahead, so that a bus whose processes all stand still for a week still takes what is published. */
export const daysAhead = 7;

/** What takes the tables from one version to the next: the first makes them. Each stays as it is once it was released. */
const migrations: readonly ((names: Names) => string)[] = [
  (names) => `${firstTables(names)}INSERT INTO ${names.s}.meta (version) VALUES (1);\n`,
  (names) => outcomesTable(names) + busColumn(names) + documentsTable(names) + feedsTable(names) + countsTables(names),
  outcomesIndex,
  // Only functions have changed.
  () => "",
];

/** The functions, which belong to the version of the tables: each migration replaces all of them. */
const functions: readonly ((names: Names) => string)[] = [
  clockFunction,
  appendFunction,
  takeOverFunction,
  workFunction,
  processFunctions,
  historyFunctions,
  countFunctions,
  requeueFunction,
  maintenanceFunctions,
];

/** The version of the schema that this program works with. */
export const schemaVersion = migrations.length;

/** The statements that take a schema from a version to this program's; 0 where there is none yet. */
export function migrationSql(names: Names, from = 0): string {
  const steps = migrations.slice(from).map((migration, index) => {
    const version = from + index + 1;
    return `-- Version ${version}\n${migration(names).trim()}\n`;
  });
  const create =
    from === 0
      ? `CREATE SCHEMA IF NOT EXISTS ${names.s};\n`
      : `DO $do$ BEGIN
  IF (SELECT version FROM ${names.s}.meta) <> ${from} THEN RAISE EXCEPTION 'the schema is not of version ${from}'; END IF;
END $do$;\n`;
  const finish = [
    "-- The functions",
    ...functions.map((one) => one(names).trim()),
    `UPDATE ${names.s}.meta SET version = ${schemaVersion};`,
    `SELECT ${names.s}.add_days(${daysAhead});`,
  ];
  return `BEGIN;\n${create}${steps.join("\n")}\n${finish.join("\n")}\nCOMMIT;\n`;
}

/**
 * Brings the schema up to date; several programs may do so at once. `invalid_config` where it is of a newer version, or where
 * it has to be changed and `mayChange` is false.
 */
export async function migrate(database: Database, names: Names, mayChange: boolean): Promise<void> {
  const version = await versionOf(database, names);
  if (version === schemaVersion) return;
  if (!mayChange) throw notMigrated(names, version ?? 0);
  await database.transaction(async (transaction) => {
    await transaction.query(`SELECT pg_advisory_xact_lock(${names.locks.maintenance})`);
    const found = (await versionOf(transaction, names)) ?? 0;
    if (found > schemaVersion) throw unknownVersion(names, found);
    if (found === schemaVersion) return;
    // One round trip for all of it: without parameters, a query may hold several statements.
    const statements = migrationSql(names, found)
      .replace(/^BEGIN;\n/, "")
      .replace(/COMMIT;\n$/, "");
    await transaction.query(statements);
  });
}

/** The version of the schema; `undefined` where it has none. */
export async function versionOf(database: Pick<Transaction, "query">, { s }: Names): Promise<number | undefined> {
  const [exists] = await database.query("SELECT to_regclass($1) IS NOT NULL AS found", [`${s}.meta`]);
  if (exists?.found !== true) return undefined;
  const [row] = await database.query(`SELECT version FROM ${s}.meta`);
  return row === undefined ? undefined : integer(row.version);
}

function unknownVersion({ schema }: Names, found: number): BusError {
  return new BusError(
    "invalid_config",
    `schema ${schema} was made by a newer Waggle: its version is ${found}, this one knows ${schemaVersion}; upgrade wagglebus, or give another \`schema\``,
    { details: { schema, found, supported: schemaVersion } },
  );
}

function notMigrated(names: Names, found: number): BusError {
  if (found > schemaVersion) return unknownVersion(names, found);
  const { schema } = names;
  const print = `waggle postgres migrate --print${found === 0 ? "" : ` --from ${found}`}`;
  return new BusError(
    "invalid_config",
    `schema ${schema} is not of version ${schemaVersion}; run the output of \`${print}\`, or leave out \`migrate: false\``,
    { details: { schema, found, supported: schemaVersion } },
  );
}
