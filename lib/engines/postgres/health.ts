import { randomUUID } from "node:crypto";
import type { SessionClient } from "./processes/session.ts";
import type { Transaction } from "./storage/database.ts";
import { daysAhead } from "./storage/migrations.ts";
import type { Names } from "./storage/names.ts";
import { integer, optionalInteger, optionalText, text } from "./storage/rows.ts";

/** How the server of a bus stands, beside the schema. */
export interface ServerHealth {
  /** Its version as one number: 140005 is 14.5. */
  readonly versionNumber: number;
  /** Whether it takes no writes: a replica, or `default_transaction_read_only`. */
  readonly readOnly: boolean;
  /** Whether a notification that is sent comes by the URL; behind a pooler in transaction mode it does not. */
  readonly notifies: boolean;
  /** Whole days from today on, by UTC, for which history has a partition; `undefined` without the schema. */
  readonly daysAhead: number | undefined;
  /** Days that maintenance makes partitions ahead for. */
  readonly daysWanted: number;
  /** The role that owns the schema, and so migrates it; `undefined` without the schema. */
  readonly owner: string | undefined;
  /** Whether the role that asks may do as the owner does. */
  readonly mayMigrate: boolean;
  /** The oldest open transaction of this database, in milliseconds; `undefined` where there is none, or it may not be seen. */
  readonly oldestTransactionMs: number | undefined;
  /** Replication slots that nobody reads, with the bytes of WAL that they keep from being removed. */
  readonly idleSlots: readonly { readonly name: string; readonly bytes: number }[];
  /** Whether the last WAL file that the server tried to archive failed: it keeps all of them until one succeeds. */
  readonly archivingFails: boolean;
  /** Bytes of the database. */
  readonly databaseBytes: number;
}

/** Milliseconds in which a notification comes that comes at all. */
const notificationMs = 5_000;

/** Looks at the server, and changes nothing. */
export async function serverHealth(
  database: Pick<Transaction, "query">,
  newClient: () => SessionClient,
  { schema }: Names,
): Promise<ServerHealth> {
  const [row = {}] = await database.query(standing, [schema]);
  const days = await database.query(partitions, [schema]);
  const slots = await database.query(idleSlots);
  const today = integer(row.today);
  const there = new Set(days.map(({ day }) => integer(day)));
  let ahead = 0;
  while (there.has(today + ahead)) ahead += 1;
  const owner = optionalText(row.owner);
  return {
    versionNumber: integer(row.version),
    readOnly: row.read_only === true,
    notifies: await notifies(newClient),
    daysAhead: owner === undefined ? undefined : ahead,
    daysWanted: daysAhead,
    owner,
    mayMigrate: row.may_migrate === true,
    oldestTransactionMs: optionalInteger(row.oldest_ms),
    idleSlots: slots.map(({ bytes, name }) => ({ name: text(name), bytes: integer(bytes) })),
    archivingFails: row.archiving_fails === true,
    databaseBytes: integer(row.bytes),
  };
}

/** Sends a notification to itself: a pooler may give each statement another session, and then nobody listens. */
async function notifies(newClient: () => SessionClient): Promise<boolean> {
  const channel = `waggle_doctor_${randomUUID().replaceAll("-", "")}`;
  const client = newClient();
  const came = Promise.withResolvers<boolean>();
  client.on("notification", () => came.resolve(true));
  client.on("error", () => came.resolve(false));
  client.on("end", () => came.resolve(false));
  await client.connect();
  const timer = setTimeout(() => came.resolve(false), notificationMs);
  try {
    const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
    if (Number(rows[0]?.pid) !== client.processID) return false;
    await client.query(`LISTEN ${channel}`);
    await client.query(`NOTIFY ${channel}`);
    return await came.promise;
  } finally {
    clearTimeout(timer);
    await client.end().catch(() => {});
  }
}

const standing = `
  SELECT current_setting('server_version_num')::int AS version,
    pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS read_only,
    floor(extract(epoch FROM clock_timestamp()) / 86400)::int AS today,
    n.owner, coalesce(n.may, false) AS may_migrate,
    (SELECT floor(extract(epoch FROM clock_timestamp() - min(a.xact_start)) * 1000)::bigint FROM pg_stat_activity a
      WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()) AS oldest_ms,
    coalesce((SELECT a.last_failed_time > coalesce(a.last_archived_time, '-infinity') FROM pg_stat_archiver a), false)
      AS archiving_fails,
    pg_database_size(current_database()) AS bytes
  FROM (VALUES (1)) AS one LEFT JOIN (
    SELECT pg_get_userbyid(nspowner)::text AS owner, pg_has_role(nspowner, 'MEMBER') AS may FROM pg_namespace WHERE nspname = $1
  ) AS n ON true`;

/** The days that history has a partition for, which the names of the partitions end with. */
const partitions = `
  SELECT substring(c.relname FROM '\\d+$')::int AS day
  FROM pg_namespace n JOIN pg_class p ON p.relnamespace = n.oid AND p.relname = 'events'
    JOIN pg_inherits i ON i.inhparent = p.oid JOIN pg_class c ON c.oid = i.inhrelid
  WHERE n.nspname = $1`;

const idleSlots = `
  SELECT slot_name::text AS name, coalesce(pg_wal_lsn_diff(
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)::bigint, 0) AS bytes
  FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL`;
