import { setTimeout as wait } from "node:timers/promises";
import {
  type AttributeValue,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  ResourceInUseException,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type WriteRequest,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { outboxTable } from "../../aws-shared/index.ts";
import { BusError } from "../../error/bus-error.ts";
import { type ItemKey, marshal, marshalKey, type PlainItem } from "./item.ts";

const { partitionKey, sortKey } = outboxTable;

/** DynamoDB deletes so many at once. */
const mostDeletes = 25;
/** Tries at what DynamoDB did not get to, each after twice the time of the one before. */
const tries = 8;
const firstWaitMs = 25;

/** A change of one item. Names and values are written out in the expressions: `#name` and `:name`. */
export interface ItemChange {
  readonly update: string;
  readonly condition: string;
  readonly values: PlainItem;
}

/** The requests of an outbox to its table. */
export class OutboxTable {
  readonly #client: DynamoDBClient;
  readonly name: string;

  constructor(client: DynamoDBClient, name: string) {
    this.#client = client;
    this.name = name;
  }

  /** Makes the table where it is not there, and waits until it can be used. */
  async create(): Promise<void> {
    try {
      await this.#client.send(
        new CreateTableCommand({
          TableName: this.name,
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: [partitionKey, sortKey].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
          KeySchema: [
            { AttributeName: partitionKey, KeyType: "HASH" },
            { AttributeName: sortKey, KeyType: "RANGE" },
          ],
        }),
      );
    } catch (thrown) {
      if (!(thrown instanceof ResourceInUseException)) throw thrown;
    }
    await waitUntilTableExists({ client: this.#client, maxWaitTime: 120, minDelay: 1 }, { TableName: this.name });
  }

  /** The items of a partition, oldest first, after a place, in pages of at most `limit`: all that was written before. */
  async *pages(
    partition: string,
    { after, limit }: { readonly after?: string | undefined; readonly limit?: number },
  ): AsyncGenerator<Record<string, AttributeValue>[], void, void> {
    let start: Record<string, AttributeValue> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await this.#client.send(
        new QueryCommand({
          TableName: this.name,
          ConsistentRead: true,
          ...partitionCondition(partition, after),
          ...(limit === undefined ? {} : { Limit: limit }),
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      yield Items;
      start = LastEvaluatedKey;
    } while (start !== undefined);
  }

  async count(partition: string): Promise<number> {
    let total = 0;
    let start: Record<string, AttributeValue> | undefined;
    do {
      const { Count = 0, LastEvaluatedKey } = await this.#client.send(
        new QueryCommand({
          TableName: this.name,
          ConsistentRead: true,
          Select: "COUNT",
          ...partitionCondition(partition, undefined),
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      total += Count;
      start = LastEvaluatedKey;
    } while (start !== undefined);
    return total;
  }

  async get(key: ItemKey): Promise<Record<string, AttributeValue> | undefined> {
    const request = { TableName: this.name, Key: marshalKey(key), ConsistentRead: true };
    return (await this.#client.send(new GetItemCommand(request))).Item;
  }

  /** Deletes items, those that are gone too. */
  async delete(keys: readonly ItemKey[]): Promise<void> {
    for (let start = 0; start < keys.length; start += mostDeletes) {
      await this.#deleteBatch(keys.slice(start, start + mostDeletes));
    }
  }

  async #deleteBatch(keys: readonly ItemKey[]): Promise<void> {
    let left: WriteRequest[] = keys.map((key) => ({ DeleteRequest: { Key: marshalKey(key) } }));
    for (let attempt = 0; attempt < tries; attempt += 1) {
      if (attempt > 0) await wait(firstWaitMs * 2 ** attempt);
      const { UnprocessedItems } = await this.#client.send(
        new BatchWriteItemCommand({ RequestItems: { [this.name]: left } }),
      );
      left = UnprocessedItems?.[this.name] ?? [];
      if (left.length === 0) return;
    }
    throw new BusError("unavailable", `DynamoDB did not delete ${left.length} items of table ${this.name} in time`);
  }

  /** Changes an item; false where the condition does not hold. */
  async change(key: ItemKey, { condition, update, values }: ItemChange): Promise<boolean> {
    const names = new Set([...`${update} ${condition}`.matchAll(/#(\w+)/g)].map(([, name = ""]) => name));
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.name,
          Key: marshalKey(key),
          UpdateExpression: update,
          ConditionExpression: condition,
          ExpressionAttributeNames: Object.fromEntries([...names].map((name) => [`#${name}`, name])),
          ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: marshal(values, ":") }),
        }),
      );
      return true;
    } catch (thrown) {
      if (thrown instanceof ConditionalCheckFailedException) return false;
      throw thrown;
    }
  }

  /** Puts an item in place of another one of another key; false where that is gone. */
  async move(from: ItemKey, to: PlainItem): Promise<boolean> {
    try {
      await this.#client.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            {
              Delete: {
                TableName: this.name,
                Key: marshalKey(from),
                ConditionExpression: `attribute_exists(${partitionKey})`,
              },
            },
            { Put: { TableName: this.name, Item: marshal(to) } },
          ],
        }),
      );
      return true;
    } catch (thrown) {
      const gone =
        thrown instanceof TransactionCanceledException &&
        thrown.CancellationReasons?.some(({ Code }) => Code === "ConditionalCheckFailed") === true;
      if (gone) return false;
      throw thrown;
    }
  }
}

function partitionCondition(partition: string, after: string | undefined) {
  return {
    KeyConditionExpression: after === undefined ? "#pk = :pk" : "#pk = :pk AND #sk > :after",
    ExpressionAttributeNames: { "#pk": partitionKey, ...(after === undefined ? {} : { "#sk": sortKey }) },
    ExpressionAttributeValues: marshal({ pk: partition, ...(after === undefined ? {} : { after }) }, ":"),
  };
}
