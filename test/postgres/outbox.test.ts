import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { sql as drizzleSql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { BusError, connect, type Event } from "../../lib/index.ts";
import { createOutbox, pgOutbox } from "../../lib/outbox-entry.ts";
import { fromDrizzle, fromPostgresJs } from "../../lib/postgres-entry.ts";
import { testBus } from "../../lib/testing/index.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const url = inject("postgresUrl");
const schema = `outbox_${randomBytes(4).toString("hex")}`;
const type = "custom.order.placed";
const program = fileURLToPath(new URL("support/outbox-worker.ts", import.meta.url));

let pool: pg.Pool;
beforeAll(async () => {
  pool = new pg.Pool({ connectionString: url });
  await pool.query(`CREATE SCHEMA ${schema}`);
});
afterAll(() => pool.end());

let tables = 0;
/** A table of its own for a test. */
function nextTable(): string {
  tables += 1;
  return `${schema}.events_${tables}`;
}

async function open(table = nextTable()) {
  const bus = testBus({ source: "shop" });
  const outbox = createOutbox({ store: pgOutbox(pool, { table }), bus });
  // Two at once, as two programs that start do.
  await Promise.all([outbox.create(), outbox.create()]);
  return { bus, outbox, table };
}

async function transact(act: (client: pg.PoolClient) => Promise<unknown>, end = "COMMIT"): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await act(client);
    await client.query(end);
  } finally {
    client.release();
  }
}

test("what was committed is published, whatever text is in it; what was rolled back is not", async () => {
  const { bus, outbox } = await open();
  const added: Event[] = [];
  const text = "Grüße $1 ' \\ \u0000 \" ?";
  await transact(async (client) => added.push(await outbox.add(client, { type, data: { text } }, { key: text })));
  await transact((client) => outbox.add(client, { type, data: {} }), "ROLLBACK");
  expect(await outbox.flush()).toEqual({ published: 1, failed: 0, postponed: 0 });
  expect(bus.published).toEqual(added);
  expect(await outbox.state()).toEqual({ waiting: 0, failed: 0 });
});

test("postgres.js and Drizzle add in their transactions by the adapters of the engine", async () => {
  const { bus, outbox } = await open();
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  onTestFinished(() => sql.end());
  const first = await sql.begin((tx) => outbox.add(fromPostgresJs(tx), { type, data: { by: "postgres" } }));
  const second = await drizzle(pool).transaction((tx) =>
    outbox.add(fromDrizzle(tx, drizzleSql), { type, data: { by: "drizzle" } }),
  );
  await outbox.flush();
  expect(bus.published).toEqual([first, second]);
});

test("a transaction that commits late loses nothing, and does not come before what was published of its key", async () => {
  const { bus, outbox } = await open();
  const late = await pool.connect();
  await late.query("BEGIN");
  const first = await outbox.add(late, { type, data: { n: 1 } }, { key: "a" });
  let second: Event | undefined;
  await transact(async (client) => {
    second = await outbox.add(client, { type, data: { n: 2 } }, { key: "a" });
  });
  await outbox.flush();
  await late.query("COMMIT");
  late.release();
  await outbox.flush();
  expect(bus.published).toEqual([second, first]);
});

test("what fails is shown, waits or is set aside, and is retried", async () => {
  const table = nextTable();
  let refused = new BusError("unavailable", "down");
  const bus = testBus({
    source: "shop",
    use: [
      {
        publish: (entry, next) => {
          if (JSON.stringify(entry.event.data).includes("bad")) throw refused;
          return next(entry);
        },
      },
    ],
  });
  const outbox = createOutbox({ store: pgOutbox(pool, { table }), bus });
  await outbox.create();
  await transact(async (client) => {
    for (const n of ["bad", "next"]) await outbox.add(client, { type, data: { n } }, { key: "a" });
    await outbox.add(client, { type, data: { n: "other" } }, { key: "b" });
  });
  expect(await outbox.flush()).toEqual({ published: 1, failed: 0, postponed: 1 });
  expect((await outbox.list()).entries).toMatchObject([
    { state: "waiting", attempts: 1, dueAt: expect.any(String), error: { code: "unavailable", message: "down" } },
    { state: "waiting", attempts: 0 },
  ]);
  refused = new BusError("invalid_event", "bad for ever");
  await outbox.retry();
  expect(await outbox.flush()).toEqual({ published: 1, failed: 1, postponed: 0 });
  const { entries } = await outbox.list({ state: "failed" });
  expect(entries).toMatchObject([{ attempts: 2, error: { message: "bad for ever" } }]);
  expect(await outbox.discard(entries.map(({ id }) => id))).toHaveLength(1);
});

test("relays that are killed at any moment lose nothing, publish nothing twice, and keep the order of each key", {
  timeout: 120_000,
}, async () => {
  const { outbox, table } = await open();
  const { path, remove } = await temporaryDirectory();
  const file = `${path}/bus.db`;
  const added: Event[] = [];
  const add = (count: number) =>
    transact(async (client) => {
      for (let n = 0; n < count; n += 1) {
        const data = { n: added.length };
        added.push(await outbox.add(client, { type, data }, { key: `k${added.length % 3}` }));
      }
    });
  for (let round = 0; round < 4; round += 1) {
    const child = fork(program, [url, table, file], { execArgv: [] });
    const gone = once(child, "exit");
    let taken = 0;
    const some = new Promise<void>((resolve) => {
      child.on("message", (message) => {
        if (message === "ready") return;
        taken += 1;
        // In the middle of a batch: what the bus has just taken is not noted yet.
        if (taken === 5 + round) resolve();
      });
    });
    await add(40);
    await some;
    child.kill("SIGKILL");
    await gone;
  }
  const bus = await connect({ engine: "embedded", file, source: "test" });
  onTestFinished(async () => {
    await bus.close();
    await remove();
  });
  const last = createOutbox({ store: pgOutbox(pool, { table }), bus });
  await last.flush();
  expect(await last.state()).toEqual({ waiting: 0, failed: 0 });
  const { events } = await bus.history.query({ type, order: "oldest", limit: 1_000 });
  expect(events.map(({ id }) => id).toSorted()).toEqual(added.map(({ id }) => id).toSorted());
  for (let key = 0; key < 3; key += 1) {
    const numbers = events.map(({ data }) => Number(Reflect.get(Object(data), "n"))).filter((n) => n % 3 === key);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  }
});

test("a relay publishes what is committed while it runs", async () => {
  const { bus, outbox } = await open();
  const ending = new AbortController();
  const relay = outbox.relay({ signal: ending.signal, poll: "10ms" });
  let event: Event | undefined;
  await transact(async (client) => {
    event = await outbox.add(client, { type, data: {} });
  });
  await eventually("it is published", () => bus.published.some(({ id }) => id === event?.id));
  ending.abort();
  await relay;
});
