import { randomBytes } from "node:crypto";
import { type DynamoDBClient, type TransactWriteItem, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import type { PublishMiddleware } from "../../../../lib/index.ts";
import { dynamoOutbox } from "../../../../lib/outbox-dynamodb-entry.ts";
import { createOutbox } from "../../../../lib/outbox-entry.ts";
import { testBus } from "../../../../lib/testing/index.ts";
import type { Dynamo } from "../../../support/dynamo.ts";

/** The name of a table that no other test has. */
export function aTableName(): string {
  return `outbox-${randomBytes(6).toString("hex")}`;
}

/** An outbox in a table of its own, which the emulator has once this resolves. */
export async function openTable(dynamo: Dynamo, publish: PublishMiddleware = (entry, next) => next(entry)) {
  const bus = testBus({ source: "shop", use: [{ publish }] });
  const table = aTableName();
  const store = dynamoOutbox(dynamo.client, { table });
  const outbox = createOutbox({ store, bus });
  await outbox.create();
  return { bus, outbox, store, table };
}

/** Sends what was added in one transaction. */
export async function commit(client: DynamoDBClient, TransactItems: TransactWriteItem[]): Promise<void> {
  await client.send(new TransactWriteItemsCommand({ TransactItems }));
}
