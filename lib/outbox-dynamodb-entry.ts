// The public entry `wagglebus/outbox/dynamodb`: an outbox in a table of DynamoDB. Apart, as it needs the package of the SDK.
export { type DynamoOutboxOptions, dynamoOutbox } from "./outbox/dynamo/dynamo-outbox.ts";
export type { OutboxItems, OutboxPut } from "./outbox/dynamo/dynamo-store.ts";
export type { OutboxAttribute, PlainItem } from "./outbox/dynamo/item.ts";
