import { randomBytes } from "node:crypto";
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import type { Engine } from "../../lib/engine/engine.ts";
import type { Position } from "../../lib/engine/event-log.ts";
import { type Bus, connect } from "../../lib/index.ts";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { eventually } from "../support/eventually.ts";

const url = inject("postgresUrl");
const schema = `horizon_${randomBytes(4).toString("hex")}`;
const type = "custom.interleaved";

let engine: Engine;
let bus: Bus;
let pool: pg.Pool;
beforeAll(async () => {
  const open = postgresEngine({ url, schema });
  bus = await connect({
    engine: async (context) => {
      engine = await open(context);
      return engine;
    },
    source: "test",
  });
  pool = new pg.Pool({ connectionString: url });
});
afterAll(async () => {
  await bus.close();
  await pool.end();
});

/** The ids of history in the order of their numbers. */
async function recorded(after: Position): Promise<string[]> {
  const { rows } = await pool.query(`SELECT id FROM ${schema}.events WHERE seq > $1 ORDER BY seq`, [after]);
  return rows.map(({ id }) => String(id));
}

/** The transactions of a run: open ones by their number. */
class Transactions {
  readonly #open = new Map<number, pg.PoolClient>();

  async publish(number: number): Promise<void> {
    let client = this.#open.get(number);
    if (client === undefined) {
      client = await pool.connect();
      await client.query("BEGIN");
      this.#open.set(number, client);
    }
    await bus.publish({ type, data: { number } }, { tx: client });
  }

  async end(number: number, how: "COMMIT" | "ROLLBACK"): Promise<void> {
    const client = this.#open.get(number);
    this.#open.delete(number);
    await client?.query(how);
    client?.release();
  }

  async endAll(): Promise<void> {
    for (const number of [...this.#open.keys()]) await this.end(number, "COMMIT");
  }
}

const number = fc.integer({ min: 0, max: 3 });
const steps = fc.array(
  fc.oneof(
    number.map((n) => ({ do: "publish in", number: n }) as const),
    number.map((n) => ({ do: "commit", number: n }) as const),
    number.map((n) => ({ do: "roll back", number: n }) as const),
    fc.constant({ do: "publish" } as const),
    fc.constant({ do: "read" } as const),
  ),
  { minLength: 5, maxLength: 30 },
);

test("whoever reads while transactions end in another order than they began misses nothing and sees nothing twice", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const start = await engine.log.position("end");
      const transactions = new Transactions();
      const seen: string[] = [];
      let position = start;
      const read = async () => {
        const { events, position: next } = await engine.log.readAfter(position, 3);
        seen.push(...events.map(({ event }) => event.id));
        const before = position;
        position = next;
        return next !== before;
      };
      for (const step of list) {
        if (step.do === "publish") await bus.publish({ type, data: {} });
        else if (step.do === "publish in") await transactions.publish(step.number);
        else if (step.do === "commit") await transactions.end(step.number, "COMMIT");
        else if (step.do === "roll back") await transactions.end(step.number, "ROLLBACK");
        else await read();
      }
      await transactions.endAll();
      while (await read());
      expect(seen).toEqual(await recorded(start));
    }),
    { numRuns: 30 },
  );
});

test("a tail and a wait that began meanwhile get what an older transaction brings, in its place", async () => {
  const transactions = new Transactions();
  const start = await engine.log.position("end");
  const tailed: string[] = [];
  const tail = (async () => {
    for await (const { id } of bus.history.tail({ type })) {
      tailed.push(id);
      if (tailed.length === 3) break;
    }
  })();
  await transactions.publish(1);
  const { id: quick } = await bus.publish({ type, data: {} });
  await transactions.publish(2);
  // Of this process, and before the wait: not new to it, though its place in the log comes after the end as it is now.
  const position = vi.spyOn(engine.log, "position");
  const waiting = bus.waitFor(type);
  // It begins when the server answers: what commits before that is past.
  await eventually("the wait has begun", () => position.mock.settledResults.at(0)?.type === "fulfilled");
  position.mockRestore();
  await transactions.end(2, "COMMIT");
  await transactions.end(1, "COMMIT");
  await tail;
  expect(tailed).toEqual(await recorded(start));
  expect((await waiting).id).not.toBe(quick);
});

test("one that is rolled back without a word holds up a tail no longer than it lives", async () => {
  const transactions = new Transactions();
  await transactions.publish(1);
  const tailed: string[] = [];
  const controller = new AbortController();
  const tail = (async () => {
    for await (const { id } of bus.history.tail({ type }, { signal: controller.signal })) tailed.push(id);
  })();
  const { id } = await bus.publish({ type, data: {} });
  await transactions.end(1, "ROLLBACK");
  await eventually("it is tailed", () => tailed.includes(id));
  controller.abort();
  await tail;
});
