import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { functionVariables } from "../../aws-shared/index.ts";
import { BusError } from "../../error/bus-error.ts";
import { mustBe } from "../../error/must-be.ts";
import { checkCallOptions } from "../../runtime/call-options.ts";
import type { OutboxStore } from "../store.ts";
import { DynamoStore, type OutboxItems } from "./dynamo-store.ts";
import { marshal, type OutboxAttribute, type PlainItem } from "./item.ts";
import { OutboxTable } from "./table.ts";

/** Options of {@link dynamoOutbox}. */
export interface DynamoOutboxOptions {
  /** The table. Default: what the construct `Outbox` has set for this function, in `WAGGLE_OUTBOX_TABLE`. */
  readonly table?: string;
  /** Whether you send the items with the document client of `@aws-sdk/lib-dynamodb`, whose values are plain. Default false. */
  readonly document?: boolean;
}

const tableName = /^[A-Za-z0-9_.-]{3,255}$/;

/**
 * An outbox in a table of your DynamoDB. `tx` of `add` is the list of `TransactItems` that you send in one `TransactWriteItems`
 * with your own writes: `add` appends one item, in the call itself, and nothing is stored until you send the list. The table
 * comes from the construct `Outbox` of `wagglebus/cdk`, which relays too, or from `outbox.create()`. An event has at most
 * 400,000 bytes: above that `add` throws `event_too_large`. `invalid_config` for a wrong or missing name.
 */
export function dynamoOutbox(
  client: DynamoDBClient,
  options: DynamoOutboxOptions & { readonly document: true },
): OutboxStore<OutboxItems<PlainItem>, void>;
/** The same for items that you send with the client of `@aws-sdk/client-dynamodb`. */
export function dynamoOutbox(
  client: DynamoDBClient,
  options?: DynamoOutboxOptions & { readonly document?: false },
): OutboxStore<OutboxItems<Record<string, OutboxAttribute>>, void>;
export function dynamoOutbox(
  client: DynamoDBClient,
  options: DynamoOutboxOptions = {},
): OutboxStore<OutboxItems<PlainItem>, void> | OutboxStore<OutboxItems<Record<string, OutboxAttribute>>, void> {
  checkCallOptions("dynamoOutbox", options, ["table", "document"]);
  const { document = false, table = process.env[functionVariables.outboxTable] } = options;
  if (typeof table !== "string" || !tableName.test(table)) {
    throw new BusError(
      "invalid_config",
      `dynamoOutbox: table ${mustBe("3 to 255 of a-z, A-Z, 0-9, _, . and -, or be set by grantAdd of the construct Outbox", table)}`,
    );
  }
  const common = { table: new OutboxTable(client, table), now: Date.now, random: Math.random };
  return document
    ? new DynamoStore({ ...common, written: (item: PlainItem) => item })
    : new DynamoStore({ ...common, written: (item: PlainItem) => marshal(item) });
}
