import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Bus, connect } from "../../lib/index.ts";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { eventually } from "../support/eventually.ts";

const url = inject("postgresUrl");
const schema = `tx_${randomBytes(4).toString("hex")}`;
const type = "custom.order.placed";

let bus: Bus;
let pool: pg.Pool;
beforeAll(async () => {
  bus = await connect({ engine: postgresEngine({ url, schema }), source: "shop" });
  pool = new pg.Pool({ connectionString: url });
  await pool.query(`CREATE TABLE ${schema}.orders (id int PRIMARY KEY)`);
});
afterAll(async () => {
  await bus.close();
  await pool.end();
});

async function begin(level = "READ COMMITTED"): Promise<pg.PoolClient> {
  const client = await pool.connect();
  await client.query(`BEGIN ISOLATION LEVEL ${level}`);
  return client;
}

async function end(client: pg.PoolClient, how: "COMMIT" | "ROLLBACK"): Promise<void> {
  await client.query(how);
  client.release();
}

test("an event is accepted with the transaction that brings it, and not before", async () => {
  const handled: string[] = [];
  const subscriber = await bus.subscribe({ name: "shipping", on: type }, ({ id }) => handled.push(id));
  const client = await begin();
  await client.query(`INSERT INTO ${schema}.orders VALUES (1)`);
  const event = await bus.publish({ type, data: { id: 1 } }, { tx: client });
  expect(await bus.history.get(event.id)).toBeUndefined();
  // What is published after it, by a transaction that ends before it.
  const other = await bus.publish({ type, data: { id: 2 } });
  await eventually("the other is handled", () => handled.includes(other.id));
  expect(handled).not.toContain(event.id);
  await end(client, "COMMIT");
  await eventually("it is handled", () => handled.includes(event.id));
  expect(await bus.history.get(event.id)).toEqual(event);
  await subscriber.close();
});

test("an event of a transaction that is rolled back was never there", async () => {
  const client = await begin();
  const event = await bus.publish({ type, data: { id: 3 }, id: "order-3" }, { tx: client });
  await end(client, "ROLLBACK");
  expect(await bus.history.get(event.id)).toBeUndefined();
  const again = await bus.publish({ type, data: { id: 3 }, id: "order-3" });
  expect(await bus.history.get("order-3")).toEqual(again);
  expect((await bus.metrics()).duplicates).toBe(0);
});

test("an id that is stored is a duplicate or a conflict, and leaves the transaction usable", async () => {
  const first = await bus.publish({ type, data: { id: 4 }, id: "order-4" });
  const client = await begin();
  expect(await bus.publish({ type, data: { id: 4 }, id: "order-4" }, { tx: client })).toEqual(first);
  await expect(bus.publish({ type, data: { id: 5 }, id: "order-4" }, { tx: client })).rejects.toMatchObject({
    code: "conflict",
  });
  const next = await bus.publish({ type, data: { id: 6 } }, { tx: client });
  await end(client, "COMMIT");
  expect(await bus.history.get(next.id)).toEqual(next);
});

test("who subscribes while a transaction is open gets what that brings", async () => {
  const client = await begin();
  const event = await bus.publish({ type: "custom.late", data: {} }, { tx: client });
  const handled: string[] = [];
  const subscriber = await bus.subscribe({ name: "late", on: "custom.late" }, ({ id }) => handled.push(id));
  const after = await bus.publish({ type: "custom.late", data: {} });
  await eventually("what comes after is handled", () => handled.includes(after.id));
  await end(client, "COMMIT");
  await eventually("both are handled", () => handled.includes(event.id));
  await bus.settled(event.id);
  expect(handled).toEqual([after.id, event.id]);
  await subscriber.close();
});

test("what order is kept of waits for an older transaction that may bring what comes before", async () => {
  const on = "custom.keyed";
  const handled: string[] = [];
  const keyed = { name: "keyed", on, ordered: "data.key" } as const;
  const subscriber = await bus.subscribe(keyed, ({ id }) => handled.push(id));
  const client = await begin();
  const first = await bus.publish({ type: on, data: { key: "a" } }, { tx: client });
  const second = await bus.publish({ type: on, data: { key: "a" } });
  expect(await bus.subscriptions.get("keyed")).toMatchObject({ waiting: 1, running: 0 });
  await end(client, "COMMIT");
  await eventually("both are handled", () => handled.length === 2);
  expect(handled).toEqual([first.id, second.id]);
  await subscriber.close();
});

test("the options that a publish takes otherwise apply as well; what is no transaction is refused by name", async () => {
  const client = await begin();
  const metadata = { correlationId: "flow-7", tags: ["gift"] };
  const event = await bus.publish({ type, data: { id: 7 }, metadata }, { tx: client, delay: "1h", dedupe: "order-7" });
  await end(client, "COMMIT");
  expect(await bus.history.get(event.id)).toEqual(event);
  expect(event.metadata).toMatchObject({ ...metadata, deliverAt: expect.any(String) });
  for (const tx of [{}, "tx", 7]) {
    await expect(bus.publish({ type, data: {} }, { tx })).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringContaining("tx must be a client of pg"),
    });
  }
});

test.each(["REPEATABLE READ", "SERIALIZABLE"])(
  "%s is refused, as it would route by subscriptions of the past",
  async (level) => {
    const client = await begin(level);
    await expect(bus.publish({ type, data: {} }, { tx: client })).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringContaining("read committed"),
    });
    await end(client, "ROLLBACK");
  },
);

test("another engine refuses it by name", async () => {
  const memory = await connect({ engine: "memory", source: "shop" });
  await expect(memory.publish({ type, data: {} }, { tx: pool })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("without `tx`"),
  });
  await memory.close();
});
