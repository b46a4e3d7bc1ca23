import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { type Bus, connect, type StatsQuery } from "../../lib/index.ts";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { eventually } from "../support/eventually.ts";

const url = inject("postgresUrl");
const minuteMs = 60_000;
const dayMs = 86_400_000;

let pool: pg.Pool;
beforeAll(() => {
  pool = new pg.Pool({ connectionString: url });
});
afterAll(() => pool.end());

interface Accepted {
  readonly at: number;
  readonly type: string;
}

async function open() {
  const schema = `stats_${randomBytes(4).toString("hex")}`;
  const bus = await connect({ engine: postgresEngine({ url, schema }), source: "test" });
  onTestFinished(() => bus.close());
  return { bus, schema };
}

/** As if these had been accepted at their times. */
async function accept(schema: string, events: readonly Accepted[]): Promise<void> {
  await pool.query(
    `INSERT INTO ${schema}.events (seq, day, accepted, happened, epoch, id, type, source, body)
     SELECT nextval('${schema}.event_seq'), x.at / ${dayMs}, x.at, x.at, 1, gen_random_uuid()::text, x.type, 'test', '{}'
     FROM json_to_recordset($1) AS x(at bigint, type text)`,
    [JSON.stringify(events)],
  );
}

async function countAll(schema: string, most = 37): Promise<void> {
  for (;;) {
    const { rows } = await pool.query(`SELECT ${schema}.count_events($1) AS more`, [most]);
    if (rows[0]?.more !== true) return;
  }
}

/** What `stats` is to give, event by event. */
function expected(
  events: readonly Accepted[],
  query: { since?: number; until?: number; type?: string; window?: number },
) {
  const counts = new Map<string, number>();
  for (const { at, type } of events) {
    if (at < (query.since ?? 0) || at >= (query.until ?? Number.POSITIVE_INFINITY)) continue;
    if (query.type !== undefined && query.type !== type) continue;
    const from = query.window === undefined ? "" : new Date(Math.floor(at / query.window) * query.window).toISOString();
    const key = `${from} ${type}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => `${key} ${count}`).toSorted();
}

async function actual(bus: Bus, query: Parameters<typeof expected>[1]) {
  const { since, type, until, window } = query;
  const asked: StatsQuery = {
    ...(since === undefined ? {} : { since: new Date(since) }),
    ...(until === undefined ? {} : { until: new Date(until) }),
    ...(type === undefined ? {} : { type }),
    ...(window === undefined ? {} : { window }),
  };
  const rows = await bus.history.stats(asked);
  return rows.map(({ count, from = "", type: counted }) => `${from} ${counted} ${count}`).toSorted();
}

test("whatever part of the events is counted already, any query gives what they are", async () => {
  const { bus, schema } = await open();
  const today = Math.floor(Date.now() / dayMs) * dayMs;
  const time = fc.integer({ min: -3 * minuteMs, max: 4 * minuteMs }).map((ms) => today + ms);
  const type = fc.constantFrom("custom.a", "custom.b", "custom.c");
  const events: Accepted[] = [];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ at: time, type }), { maxLength: 40 }),
      fc.boolean(),
      fc.array(
        fc.record(
          { since: time, until: time, type, window: fc.constantFrom(minuteMs, 2 * minuteMs) },
          { requiredKeys: [] },
        ),
        { minLength: 4, maxLength: 8 },
      ),
      async (more, count, queries) => {
        await accept(schema, more);
        events.push(...more);
        if (count) await countAll(schema);
        for (const query of queries) expect(await actual(bus, query)).toEqual(expected(events, query));
      },
    ),
    { numRuns: 40, endOnFailure: true },
  );
});

test("events that a transaction under way may still bring are counted once it has ended, and once", async () => {
  const { bus, schema } = await open();
  const late = await pool.connect();
  await late.query("BEGIN");
  await bus.publish({ type: "custom.late", data: {} }, { tx: late });
  await bus.publish({ type: "custom.quick", data: {} });
  await countAll(schema);
  expect(await bus.history.stats({})).toEqual([{ type: "custom.quick", count: 1 }]);
  await late.query("COMMIT");
  late.release();
  const both = [
    { type: "custom.late", count: 1 },
    { type: "custom.quick", count: 1 },
  ];
  expect(await bus.history.stats({})).toEqual(both);
  // The floor of what has ended may be seen for a moment longer.
  await eventually("all are counted", async () => {
    await countAll(schema);
    const { rows } = await pool.query(`SELECT coalesce(sum(count), 0)::int AS sum FROM ${schema}.counts`);
    return rows[0]?.sum === 2;
  });
  expect(await bus.history.stats({})).toEqual(both);
});

test("many that nobody has counted are counted because somebody asks; a day that is dropped goes out of the sums", async () => {
  const { bus, schema } = await open();
  const yesterday = Math.floor(Date.now() / dayMs) * dayMs - 1;
  await accept(
    schema,
    [...Array(20_001).keys()].map((n) => ({ at: yesterday - n, type: "custom.many" })),
  );
  await accept(schema, [{ at: yesterday + 1, type: "custom.today" }]);
  const all = [
    { type: "custom.many", count: 20_001 },
    { type: "custom.today", count: 1 },
  ];
  expect(await bus.history.stats({})).toEqual(all);
  await eventually("they are counted", async () => {
    const { rows } = await pool.query(`SELECT upto = ${schema}.horizon() AS all FROM ${schema}.counted`);
    return rows[0]?.all === true;
  });
  expect(await bus.history.stats({})).toEqual(all);
  await eventually("the day is dropped", async () => {
    const { rows } = await pool.query(`SELECT ${schema}.drop_day($1) AS dropped`, [yesterday + 1]);
    return rows[0]?.dropped === true;
  });
  expect(await bus.history.stats({})).toEqual([{ type: "custom.today", count: 1 }]);
});
