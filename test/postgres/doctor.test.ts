import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { postgresFindings } from "../../lib/cli/doctor/postgres-checks.ts";
import { migratePostgres } from "../../lib/engines/postgres/index.ts";
import { schemaVersion } from "../../lib/engines/postgres/storage/migrations.ts";
import { findPgBouncer, PgBouncer } from "./support/pgbouncer.ts";
import { PostgresServer } from "./support/server.ts";

// What it says of WAL and roles is of the whole server: it has one of its own.
const server = await PostgresServer.start(["wal_level=logical", "max_replication_slots=2"]);
afterAll(() => server.stop());

async function query(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

const statesOf = async (url = server.url) =>
  Object.fromEntries((await postgresFindings(url)).map(({ check, state, text, fix }) => [check, { state, text, fix }]));

test("a server without a schema says who may make it, one with it is sound", async () => {
  expect((await statesOf()).schema).toMatchObject({
    state: "failed",
    fix: expect.stringContaining("waggle postgres migrate"),
  });
  await migratePostgres({ url: server.url, schema: "waggle" });
  const findings = await statesOf();
  expect(Object.entries(findings).map(([check, { state }]) => `${check} ${state}`)).toEqual([
    "server ok",
    "listen ok",
    "schema ok",
    "grants ok",
    "partitions ok",
  ]);
  expect(findings.partitions?.text).toMatch(/^history has partitions for [78] days, today included$/);
});

test("a schema of another version names the role that migrates it", async () => {
  await query(
    "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA waggle TO reader; GRANT SELECT ON waggle.meta TO reader",
  );
  await query(`UPDATE waggle.meta SET version = ${schemaVersion - 1}`);
  const { schema } = await statesOf(server.url.replace("postgres@", "reader@"));
  await query(`UPDATE waggle.meta SET version = ${schemaVersion}`);
  expect(schema).toMatchObject({ state: "failed", fix: "run waggle postgres migrate as role postgres, which owns it" });
});

test("without a partition for tomorrow it fails", async () => {
  const tomorrow = Math.floor(Date.now() / 86_400_000) + 1;
  // The day may change at any moment: then it is the day after that which is there.
  await query(
    [0, 1, 2, 3].map((more) => `ALTER TABLE waggle.events DETACH PARTITION waggle.events_${tomorrow + more}`).join(";"),
  );
  const { partitions } = await statesOf();
  await query(
    [0, 1, 2, 3]
      .map((more) => tomorrow + more)
      .map(
        (day) =>
          `ALTER TABLE waggle.events ATTACH PARTITION waggle.events_${day} FOR VALUES FROM (${day}) TO (${day + 1})`,
      )
      .join(";"),
  );
  expect(partitions).toMatchObject({ state: "failed", fix: expect.stringContaining("start a process of the bus") });
});

test("a slot without a reader tells how much WAL it keeps, and how to drop it", async () => {
  await query("SELECT pg_create_physical_replication_slot('left_behind', true)");
  const { wal } = await statesOf();
  await query("SELECT pg_drop_replication_slot('left_behind')");
  expect(wal?.text).toContain("replication slot left_behind has no reader and keeps");
});

test("a role whose transactions are read-only fails", async () => {
  await query("CREATE ROLE quiet LOGIN; ALTER ROLE quiet SET default_transaction_read_only = on");
  const findings = await postgresFindings(server.url.replace("postgres@", "quiet@"));
  expect(findings).toContainEqual(
    expect.objectContaining({ check: "server", state: "failed", fix: expect.stringContaining("primary") }),
  );
});

const bouncer = findPgBouncer();
test.skipIf(typeof bouncer === "string")(
  "a pooler in transaction mode swallows notifications, and is told",
  async () => {
    if (typeof bouncer === "string") return;
    const pooler = await PgBouncer.start(bouncer, new URL(server.url));
    try {
      expect((await statesOf(pooler.url)).listen).toMatchObject({
        state: "warning",
        fix: expect.stringContaining("listenUrl"),
      });
    } finally {
      await pooler.stop();
    }
  },
);
