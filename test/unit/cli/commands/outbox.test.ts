import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { dynamoOutbox } from "../../../../lib/outbox-dynamodb-entry.ts";
import { createOutbox, sqliteOutbox } from "../../../../lib/outbox-entry.ts";
import { testBus } from "../../../../lib/testing/index.ts";
import { type Dynamo, describeDynamo, startDynamo } from "../../../support/dynamo.ts";
import { eventually } from "../../../support/eventually.ts";
import { commit, openTable } from "../../outbox/support/dynamo-table.ts";
import { workspace } from "../test-io.ts";

/** An outbox in app.db of the folder, made by the command, with an event that waits and one that no bus reads. */
async function withEntries() {
  const space = workspace();
  const database = new DatabaseSync(join(space.cwd, "app.db"), { timeout: 1_000 });
  onTestFinished(() => database.close());
  database.exec("PRAGMA journal_mode = WAL");
  expect(await space.waggle(["outbox", "create", "--database", "app.db"])).toMatchObject({ code: 0 });
  const outbox = createOutbox({ store: sqliteOutbox(database), bus: testBus({ source: "shop" }) });
  const event = outbox.add(database, { type: "custom.order.placed", data: { id: 12 } }, { key: "\u001b[2Ja" });
  database
    .prepare("INSERT INTO waggle_outbox (id, key, history, event, added) VALUES ('broken', 'b', 1, '{', 0)")
    .run();
  const run = (...argv: string[]) => space.waggle(["outbox", ...argv, "--database", "app.db"]);
  return { ...space, event, outbox, run };
}

test("what waits and what failed is listed, safe for a terminal; a relay publishes the one and sets the other aside", async () => {
  const { bus, event, run } = await withEntries();
  const listed = await run();
  expect(listed.out).toMatch(/^ADDED +ID +TYPE +KEY +STATE +ATTEMPTS +REASON\n/);
  expect(listed.out).toContain(`${event.id}  custom.order.placed  \\u001b[2Ja`);
  expect(listed.err).toContain("2 waiting, 0 failed");
  expect(await run("relay", "--once")).toMatchObject({ code: 1, out: "1 published, 1 failed, 0 postponed\n" });
  expect(await bus((opened) => opened.history.get(event.id))).toEqual(event);
  expect((await run("list", "--failed", "--json")).json).toMatchObject([
    { id: "broken", state: "failed", attempts: 1, error: { code: "invalid_event" } },
  ]);
  expect((await run("relay", "--once", "--json")).json).toEqual([{ published: 0, failed: 0, postponed: 0 }]);
});

test("entries are retried and discarded; what is not there is named", async () => {
  const { run } = await withEntries();
  await run("relay", "--once");
  expect(await run("retry", "broken", "none")).toMatchObject({
    code: 1,
    out: "1 entry will be tried again\n",
    err: expect.stringContaining("there is no such entry: none"),
  });
  expect(await run("discard", "broken")).toMatchObject({ code: 1, out: "0 entries discarded\n" });
  await run("relay", "--once");
  expect((await run("retry", "--all", "--json")).json).toEqual([{ id: "broken", ok: true }]);
  await run("relay", "--once");
  expect(await run("discard", "broken")).toMatchObject({ code: 0, out: "1 entry discarded\n" });
  expect(await run("retry")).toMatchObject({ code: 2 });
});

test("the relay runs until it is interrupted", async () => {
  const { bus, event, start } = await withEntries();
  const relay = start(["outbox", "relay", "--database", "app.db"]);
  await bus(async (opened) => {
    await eventually("it is published", async () => (await opened.history.get(event.id)) !== undefined);
  });
  relay.interrupt();
  await relay.ended;
});

describeDynamo("an outbox in DynamoDB", () => {
  let dynamo: Dynamo;
  beforeAll(async () => {
    dynamo = await startDynamo();
    vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", dynamo.endpoint);
    vi.stubEnv("AWS_REGION", "us-east-1");
    vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await dynamo.close();
  });

  test("is made, shown, relayed, retried and emptied by the same commands", async () => {
    const { bus, waggle } = workspace();
    const { outbox, table } = await openTable(dynamo);
    const run = (...argv: string[]) => waggle(["outbox", ...argv, "--database", `dynamodb://${table}`]);
    expect(await run("create")).toMatchObject({ code: 0, out: `the table ${table} is there\n` });
    const items: TransactWriteItem[] = [];
    const event = outbox.add(items, { type: "custom.order.placed", data: { id: 12 } });
    dynamoOutbox(dynamo.client, { table }).add(items, { id: "broken", key: "b", history: true, event: "{" });
    await commit(dynamo.client, items);
    expect((await run()).out).toContain(`${event.id}  custom.order.placed`);
    expect(await run("relay", "--once")).toMatchObject({ code: 1, out: "1 published, 1 failed, 0 postponed\n" });
    expect(await bus((opened) => opened.history.get(event.id))).toEqual(event);
    expect((await run("list", "--failed", "--json")).json).toMatchObject([{ id: "broken", state: "failed" }]);
    expect((await run("retry", "--all", "--json")).json).toEqual([{ id: "broken", ok: true }]);
    await run("relay", "--once");
    expect(await run("discard", "broken")).toMatchObject({ code: 0 });
    expect((await run()).err).toContain("0 waiting, 0 failed");
  });

  test("has its table in the address, and in no option", async () => {
    const { waggle } = workspace();
    const both = ["outbox", "--database", "dynamodb://agents-outbox", "--table", "other"];
    expect(await waggle(both)).toMatchObject({ code: 2, err: expect.stringContaining("--table is not for DynamoDB") });
    expect(await waggle(["outbox", "--database", "dynamodb://"])).toMatchObject({ code: 1 });
  });
});

test("a missing database is named, and so is the option; the SQL for PostgreSQL is printed", async () => {
  const { waggle } = workspace();
  expect(await waggle(["outbox", "--database", "none.db"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("none.db does not exist"),
  });
  expect(await waggle(["outbox"])).toMatchObject({ code: 2, err: expect.stringContaining("--database") });
  const printed = await waggle(["outbox", "create", "--print", "--table", "app.events"]);
  expect(printed.out).toMatch(/^BEGIN;\n[\s\S]*CREATE TABLE IF NOT EXISTS "app"."events" \([\s\S]*COMMIT;\n$/);
});
