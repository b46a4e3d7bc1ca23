import { loadPostgres } from "../../connect/load-engine.ts";
import type { ServerHealth } from "../../engines/postgres/health.ts";
import { formatBytes } from "../output/bytes.ts";
import { plural } from "../output/text.ts";
import { formatElapsed } from "../output/time.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

/** The oldest version of PostgreSQL that the bus runs on. */
const oldestServer = 140_000;
/** A transaction that is open for longer is one that somebody has forgotten. */
const longTransactionMs = 300_000;
/** Bytes of WAL that a slot may keep before somebody should look: the disk fills up in the end. */
const muchWal = 2 ** 30;

/** How the schema of a bus and its server stand. */
export async function postgresFindings(url: string): Promise<Finding[]> {
  const { checkPostgres } = await loadPostgres();
  const { health, missing, role, schema, server, supported, version } = await checkPostgres({ url, schema: "waggle" });
  const findings = serverFindings(health, server, role);
  const migrate = `run waggle postgres migrate as ${health.owner === undefined ? "a role that may create a schema" : `role ${health.owner}, which owns it`}`;
  if (missing.length > 0) {
    const fix = "grant it as docs/postgres/engine.md says; again after each migration";
    findings.push(failed("grants", `role ${role} lacks ${missing.join(", ")}`, fix));
  }
  if (version === undefined) {
    if (missing.length > 0) return findings;
    return [...findings, failed("schema", `there is no schema ${schema}`, migrate)];
  }
  if (version !== supported) {
    const fix = version > supported ? "upgrade wagglebus" : migrate;
    return [...findings, failed("schema", `schema ${schema} is of version ${version}, not ${supported}`, fix)];
  }
  const migrates = health.mayMigrate ? "this role may migrate it" : `role ${health.owner} migrates it`;
  findings.push(ok("schema", `schema ${schema} is of version ${version}; ${migrates}`));
  if (missing.length === 0) findings.push(ok("grants", `role ${role} may do what a process of the bus does`));
  return [...findings, partitionFinding(health)];
}

function serverFindings(health: ServerHealth, server: string, role: string): Finding[] {
  const { archivingFails, databaseBytes, idleSlots, notifies, oldestTransactionMs, readOnly, versionNumber } = health;
  const findings = [
    versionNumber < oldestServer
      ? failed(
          "server",
          `PostgreSQL ${server}, as role ${role}`,
          "upgrade the server: the bus needs PostgreSQL 14 or later",
        )
      : ok("server", `PostgreSQL ${server}, as role ${role}; the database has ${formatBytes(databaseBytes)}`),
    notifies
      ? ok("listen", "notifications come by this URL")
      : warning(
          "listen",
          "LISTEN does not work by this URL: a pooler gives each transaction another session, so the bus polls",
          "give `listenUrl`, a direct connection to the server, to postgresEngine; or have the pooler keep sessions",
        ),
  ];
  if (readOnly) {
    const fix = "give the URL of the primary, and see default_transaction_read_only of the role and the database";
    findings.push(failed("server", "it takes no writes: a replica, or transactions are read-only by default", fix));
  }
  if (oldestTransactionMs !== undefined && oldestTransactionMs > longTransactionMs) {
    const text = `a transaction is open for ${formatElapsed(oldestTransactionMs)}: nothing that ended since can be vacuumed, and if it publishes, readers wait for it`;
    const fix = "find it by xact_start in pg_stat_activity; end it, or set idle_in_transaction_session_timeout";
    findings.push(warning("transactions", text, fix));
  }
  for (const { bytes, name } of idleSlots) {
    const text = `replication slot ${name} has no reader and keeps ${formatBytes(bytes)} of WAL`;
    const fix = `start its reader, or SELECT pg_drop_replication_slot('${name}'); set max_slot_wal_keep_size`;
    findings.push(bytes > muchWal ? warning("wal", text, fix) : ok("wal", text));
  }
  if (archivingFails) {
    const fix = "see last_failed_wal in pg_stat_archiver and the server's log; correct archive_command";
    findings.push(warning("wal", "archiving fails, and the server keeps its WAL until the disk is full", fix));
  }
  return findings;
}

function partitionFinding({ daysAhead = 0, daysWanted }: ServerHealth): Finding {
  const fix = "start a process of the bus, which makes them; check its log for why it could not";
  if (daysAhead === 0) return failed("partitions", "history has no partition for today: publishing fails", fix);
  if (daysAhead === 1) {
    return failed("partitions", "history has no partition for tomorrow: publishing fails from midnight UTC on", fix);
  }
  const text = `history has partitions for ${plural(daysAhead, "day")}, today included`;
  return daysAhead < daysWanted - 1 ? warning("partitions", text, fix) : ok("partitions", text);
}
