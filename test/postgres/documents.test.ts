import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { connect } from "../../lib/index.ts";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { expectDocumentsKept } from "../support/keeps-documents.ts";

const url = inject("postgresUrl");
const schema = () => `documents_${randomBytes(4).toString("hex")}`;

let pool: pg.Pool;
beforeAll(() => {
  pool = new pg.Pool({ connectionString: url });
});
afterAll(() => pool.end());

test("the postgres engine keeps documents by name, in its schema", () =>
  expectDocumentsKept({ engine: postgresEngine({ url, schema: schema() }) }));

test("a schema of the version before, which had none, is brought up to date, with what it holds", async () => {
  const old = schema();
  const engine = postgresEngine({ url, schema: old });
  const before = await connect({ engine, source: "test" });
  const event = await before.publish({ type: "custom.kept", data: {} });
  await before.close();
  await pool.query(
    `DROP TABLE ${old}.documents, ${old}.feeds, ${old}.outcomes, ${old}.counts, ${old}.counted; ALTER TABLE ${old}.meta DROP COLUMN bus;
     UPDATE ${old}.meta SET version = 1`,
  );
  await expectDocumentsKept({ engine });
  const after = await connect({ engine, source: "test" });
  expect(await after.history.get(event.id)).toEqual(event);
  await after.close();
});
