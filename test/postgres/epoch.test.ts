import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, expect, inject, test } from "vitest";
import { type Bus, connect } from "../../lib/index.ts";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { eventually } from "../support/eventually.ts";

const url = inject("postgresUrl");
const schema = `epoch_${randomBytes(4).toString("hex")}`;
const type = "custom.raced";

const pool = new pg.Pool({ connectionString: url });
const buses: Bus[] = [];
afterAll(async () => {
  await Promise.all(buses.map((bus) => bus.close()));
  await pool.end();
});

async function open(): Promise<Bus> {
  const bus = await connect({ engine: postgresEngine({ url, schema }), source: "test" });
  buses.push(bus);
  return bus;
}

/** What a subscription has handled, and an event that was published once it was there. */
interface Raced {
  readonly name: string;
  readonly from: "now" | "beginning";
  readonly ids: string[];
  after: string;
}

test("who subscribes while others publish, also in transactions, gets all from some moment on, each once", async () => {
  const [one, other, subscribing] = await Promise.all([open(), open(), open()]);
  let stopped = false;
  const publish = async (bus: Bus) => {
    while (!stopped) await Promise.all(Array.from({ length: 5 }, () => bus.publish({ type, data: {} })));
  };
  const publishInTransactions = async () => {
    for (let n = 0; !stopped; n += 1) {
      const client = await pool.connect();
      await client.query("BEGIN");
      for (let m = 0; m < 3; m += 1) await other.publish({ type, data: { n } }, { tx: client });
      await client.query(n % 4 === 3 ? "ROLLBACK" : "COMMIT");
      client.release();
    }
  };
  const publishing = Promise.all([publish(one), publish(other), publishInTransactions(), publishInTransactions()]);
  const all: Raced[] = [];
  for (let n = 0; n < 8; n += 1) {
    const raced: Raced = { name: `raced-${n}`, from: n % 2 === 0 ? "now" : "beginning", ids: [], after: "" };
    all.push(raced);
    await subscribing.subscribe({ name: raced.name, on: type, from: raced.from }, ({ id }) => raced.ids.push(id));
    raced.after = (await one.publish({ type, data: {} })).id;
  }
  stopped = true;
  await publishing;
  const { rows } = await pool.query(`SELECT id FROM ${schema}.events ORDER BY seq`);
  const recorded = rows.map(({ id }) => String(id));
  await eventually(
    "all is filled and delivered",
    async () => {
      const { rows: left } = await pool.query(
        `SELECT FROM ${schema}.subscriptions WHERE filling UNION ALL SELECT FROM ${schema}.deliveries`,
      );
      return left.length === 0;
    },
    30_000,
  );
  for (const { name, from, ids, after } of all) {
    expect(new Set(ids).size, `${name}: nothing twice`).toBe(ids.length);
    const sure = from === "beginning" ? recorded : recorded.slice(recorded.indexOf(after));
    const got = new Set(ids);
    expect(
      sure.filter((id) => !got.has(id)),
      `${name}: no gap`,
    ).toEqual([]);
  }
});
