import { randomBytes } from "node:crypto";
import pg from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import { connect } from "../../lib/index.ts";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { eventually } from "../support/eventually.ts";

const url = inject("postgresUrl");

test("each settled delivery is found by its primary key, though statistics know of an empty table", async () => {
  const schema = `plans_${randomBytes(4).toString("hex")}`;
  const bus = await connect({ engine: postgresEngine({ url, schema }), source: "plans" });
  const events = 400;
  const all = Promise.withResolvers<void>();
  let handled = 0;
  await bus.subscribe({ name: "readers", on: "custom.*", concurrency: 50 }, () => {
    handled += 1;
    if (handled === events) all.resolve();
  });
  await bus.publishAll(Array.from({ length: events }, (_, n) => ({ type: "custom.one", data: { n } }) as const));
  await all.promise;
  await bus.close();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  // A connection tells of its statistics when it ends, a moment after its client.
  await eventually("the statistics of the index", async () => {
    const { rows } = await client.query(
      "SELECT idx_scan::int AS scans FROM pg_stat_user_indexes WHERE schemaname = $1 AND indexrelname = 'deliveries_pkey'",
      [schema],
    );
    return rows[0]?.scans >= events;
  });
  expect(handled).toBe(events);
});
