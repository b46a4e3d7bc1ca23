import { randomUUID } from "node:crypto";
import { DynamoDBClient, type TransactWriteItem, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resourceNames } from "../../../lib/aws-shared/index.ts";
import { type Bus, connect } from "../../../lib/index.ts";
import { dynamoOutbox } from "../../../lib/outbox-dynamodb-entry.ts";
import { createOutbox } from "../../../lib/outbox-entry.ts";
import { eventually } from "../../support/eventually.ts";
import { withStacksOf } from "../rig/own-stacks.ts";
import { busName, patience } from "./settings.ts";

withStacksOf("test/aws/e2e/outbox-app.ts");
const table = resourceNames.outboxTable(busName, "outbox");

let bus: Bus;
let client: DynamoDBClient;
beforeAll(async () => {
  client = new DynamoDBClient();
  bus = await connect({ engine: "aws", bus: busName, source: "e2e", logLevel: "silent" });
});
afterAll(async () => {
  await bus?.close();
  client?.destroy();
});

test("what a transaction adds is published by relay-outbox, handled by a function, and gone from the table", async () => {
  const outbox = createOutbox({ store: dynamoOutbox(client, { table }), bus });
  const correlationId = randomUUID();
  const items: TransactWriteItem[] = [];
  const asked = [1, 2, 3].map((n) =>
    outbox.add(items, { type: "custom.e2e.asked", data: { n }, metadata: { correlationId } }),
  );
  await client.send(new TransactWriteItemsCommand({ TransactItems: items }));
  const where = { metadata: { correlationId: [correlationId] } };
  const answers = { count: 3, of: [{ on: "custom.e2e.answered", where }] };
  await bus.waitFor(answers, { since: new Date(0), timeout: patience });
  await eventually(
    "all are recorded",
    async () => (await bus.history.query({ correlationId, type: "custom.e2e.asked" })).events.length === 3,
    patience,
    200,
  );
  const { events } = await bus.history.query({ correlationId, type: "custom.e2e.asked" });
  expect(events.map(({ id }) => id).toSorted()).toEqual(asked.map(({ id }) => id).toSorted());
  await eventually("nothing waits", async () => (await outbox.state()).waiting === 0, patience, 200);
  expect(await outbox.state()).toEqual({ waiting: 0, failed: 0 });
});

test("what cannot be published is set aside, where it can be seen and discarded", async () => {
  const store = dynamoOutbox(client, { table });
  const outbox = createOutbox({ store, bus });
  const id = randomUUID();
  const items: TransactWriteItem[] = [];
  store.add(items, { id, key: "broken", history: true, event: "{" });
  await client.send(new TransactWriteItemsCommand({ TransactItems: items }));
  await eventually("it is set aside", async () => (await outbox.state()).failed === 1, patience, 200);
  expect((await outbox.list()).entries).toMatchObject([{ id, state: "failed", error: { code: "invalid_event" } }]);
  expect(await outbox.discard([id])).toEqual([id]);
});
