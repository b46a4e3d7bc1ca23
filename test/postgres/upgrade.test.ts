import { readFileSync } from "node:fs";
import pg from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import { migrationText } from "../../lib/engines/postgres/index.ts";
import { connect } from "../../lib/index.ts";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { anEvent } from "../support/an-event.ts";

const url = inject("postgresUrl");
/** What the first version made; the numbers of its locks are those of this name. */
const schema = "waggle_v1";
const version1 = readFileSync(new URL("./support/version-1.sql", import.meta.url), "utf8");

test.each([
  ["by connect", async () => {}],
  ["by what the command prints", async (pool: pg.Pool) => void (await pool.query(migrationText(schema, 1)))],
])(
  "a schema of version 1 is brought up to date %s: what it holds is kept, and outcomes are noted",
  async (_, upgrade) => {
    const pool = new pg.Pool({ connectionString: url });
    onTestFinished(() => pool.end());
    await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await pool.query(version1);
    const before = anEvent({ type: "custom.before", metadata: { correlationId: "old" } });
    const { id, type, source, metadata } = before;
    const row = {
      ...{ n: 0, id, history: true, type, source, flow: "old", happened: Date.now(), priority: metadata.priority },
      ...{ body: JSON.stringify(before), subs: [], keys: [] },
    };
    await pool.query(`SELECT ${schema}.append(0, 1, $1, '[]')`, [JSON.stringify([row])]);

    const refused = connect({ engine: postgresEngine({ url, schema, migrate: false }), source: "test" });
    await expect(refused).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringContaining("--from 1"),
    });
    await upgrade(pool);
    const bus = await connect({ engine: postgresEngine({ url, schema }), source: "test" });
    onTestFinished(() => bus.close());
    expect(await bus.history.get(id)).toEqual(before);
    expect((await bus.history.flow("old")).roots).toMatchObject([{ deliveries: [] }]);
    await bus.subscribe({ name: "reader", on: "custom.*" }, () => {});
    const { id: replayId } = await bus.replay({ ids: [id] }, { to: "reader" });
    const after = await bus.publish({ type: "custom.after", data: {}, metadata: { correlationId: "old" } });
    await bus.settled("old");
    expect((await bus.history.flow("old")).roots).toMatchObject([
      { event: before, deliveries: [{ subscription: "reader", outcome: "done", attempts: 1, replayId }] },
      {
        event: after,
        deliveries: [{ subscription: "reader", outcome: "done", attempts: 1, ranMs: expect.any(Number) }],
      },
    ]);
    const { rows } = await pool.query(`SELECT version, bus FROM ${schema}.meta`);
    expect(rows).toEqual([{ version: 4, bus: expect.stringMatching(/^[0-9a-f-]{36}$/) }]);
  },
);
