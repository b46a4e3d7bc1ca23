import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { EngineFactory } from "../../lib/engine/engine.ts";
import { connect } from "../../lib/index.ts";
import { type PostgresPool, postgresEngine } from "../../lib/postgres-entry.ts";
import { eventually } from "../support/eventually.ts";

const url = inject("postgresUrl");
const schema = `retention_${randomBytes(4).toString("hex")}`;
const type = "custom.old";
const dayMs = 86_400_000;

let pool: pg.Pool;
beforeAll(() => {
  pool = new pg.Pool({ connectionString: url });
});
afterAll(() => pool.end());

const open = (engine: EngineFactory = postgresEngine({ url, schema, retention: "2d" })) =>
  connect({ engine, source: "test" });

async function partitions(table: "events" | "outcomes" = "events"): Promise<number[]> {
  const { rows } = await pool.query(
    "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass",
    [`${schema}.${table}`],
  );
  return rows.map(({ name }) => Number(/_(\d+)$/.exec(name)?.[1])).sort((one, other) => one - other);
}

test("the partition of a day goes once all of it is too old; what of it is not delivered stays until it is", async () => {
  const bus = await open();
  const paused = await bus.subscribe({ name: "behind", on: type }, () => {});
  paused.pause();
  const waiting = await bus.publish({ type, data: { n: 1 }, metadata: { correlationId: "old" } });
  await bus.subscribe({ name: "handled", on: "custom.done" }, () => {});
  const done = await bus.publish({ type: "custom.done", data: {} });
  await bus.settled(done.id);
  await bus.close();

  // As if it had been published ten days ago.
  const today = Math.floor(Date.now() / dayMs);
  const old = today - 10;
  await pool.query(`
    CREATE TABLE ${schema}.events_${old} (LIKE ${schema}.events INCLUDING ALL);
    ALTER TABLE ${schema}.events ATTACH PARTITION ${schema}.events_${old} FOR VALUES FROM (${old}) TO (${old + 1});
    CREATE TABLE ${schema}.outcomes_${old} PARTITION OF ${schema}.outcomes FOR VALUES FROM (${old}) TO (${old + 1});
    UPDATE ${schema}.outcomes SET day = ${old};
    UPDATE ${schema}.events SET day = ${old}, accepted = accepted - 10 * ${dayMs};
    UPDATE ${schema}.deliveries SET day = ${old};`);
  expect(await partitions()).toContain(old);

  const next = await open();
  // A subscription that is deleted has the cleaner run at once.
  await next.subscribe({ name: "unneeded", on: type }, () => {});
  await next.subscriptions.delete("unneeded");
  await eventually("the old partition is gone", async () => !(await partitions()).includes(old));
  const days = Array.from({ length: 9 }, (_, index) => today - 1 + index);
  expect(await partitions()).toEqual(days);
  expect(await partitions("outcomes")).toEqual(days);
  expect((await pool.query(`SELECT FROM ${schema}.outcomes`)).rowCount).toBe(0);
  expect(await next.history.get(waiting.id)).toBeUndefined();
  expect(await next.history.get(done.id)).toBeUndefined();
  const handled: unknown[] = [];
  await next.subscribe({ name: "behind", on: type }, (event) => handled.push(event));
  await eventually("it is delivered", () => handled.length === 1);
  expect(handled).toEqual([waiting]);
  await next.close();
});

test("who reads the end of the log looks at no partition of days before", async () => {
  const own = `${schema}_pruned`;
  const today = Math.floor(Date.now() / dayMs);
  /** From which day on each read looked. */
  const days: unknown[] = [];
  const counting: PostgresPool = {
    connect: () => pool.connect(),
    end: async () => {},
    query: (statement) => {
      if (statement.text.includes("read_from")) days.push(statement.values?.[1]);
      return pool.query(statement);
    },
  };
  const bus = await open(postgresEngine({ pool: counting, listenUrl: url, schema: own }));
  const first = await bus.publish({ type, data: {} });
  const old = today - 10;
  await pool.query(`
    CREATE TABLE ${own}.events_${old} (LIKE ${own}.events INCLUDING ALL);
    ALTER TABLE ${own}.events ATTACH PARTITION ${own}.events_${old} FOR VALUES FROM (${old}) TO (${old + 1});
    UPDATE ${own}.events SET day = ${old}, accepted = accepted - 10 * ${dayMs};`);
  const second = await bus.publish({ type, data: {} });
  const ending = new AbortController();
  const tailed: string[] = [];
  const reading = (async () => {
    const since = { since: first, signal: ending.signal };
    for await (const { id } of bus.history.tail({ type }, since)) tailed.push(id);
  })();
  await eventually("what is there is read", () => tailed.includes(second.id));
  expect(days).toContain(0);
  const third = await bus.publish({ type, data: {} });
  await eventually("what comes is read", () => tailed.includes(third.id));
  ending.abort();
  await reading;
  await bus.close();
  expect([today - 1, today]).toContain(days.at(-1));
  const { rows } = await pool.query(
    `EXPLAIN SELECT seq FROM ${own}.events e WHERE e.day >= ${today - 1} AND e.seq > 0 ORDER BY seq LIMIT 1`,
  );
  expect(JSON.stringify(rows)).not.toContain(`events_${old}`);
});
