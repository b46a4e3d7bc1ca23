import { setTimeout as delay } from "node:timers/promises";
import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { deliveriesTable } from "../../../aws-shared/index.ts";
import { backoffMs } from "../../../delivery/backoff.ts";
import { BusError } from "../../../error/bus-error.ts";
import { toBusErrorOfAws } from "../aws-error.ts";
import { chunksOf } from "../history/chunks.ts";

/** Rows of one request, as DynamoDB gives them, and requests for what one left over. */
const [getsAtOnce, mostRequests] = [100, 8];
const backoff = { from: 50, to: 2_000 };

/** An item as the table gives it: to be parsed. */
export type Item = unknown;

/** What a conditional write came to: the item as it is now (or was, once deleted), or the one that did not meet the condition. */
export type Written =
  | { readonly ok: true; readonly item: Item }
  | { readonly ok: false; readonly item: Item | undefined };

/** A write on one row. Attributes are written `#name`, values `:name`. */
export interface Update {
  readonly set: string;
  readonly remove?: string;
  readonly condition: string;
  /** By name without the colon; those that occur in no text above are left out. */
  readonly values: Readonly<Record<string, string | number>>;
}

/** The deliveries table: reads see all writes before them, each write is conditional. Rejects with BusError. */
export class Table {
  readonly #client: DynamoDBClient;
  readonly #name: string;

  constructor(client: DynamoDBClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  get(pk: string): Promise<Item | undefined> {
    return this.#call(async () => {
      const { Item: item } = await this.#client.send(
        new GetItemCommand({ TableName: this.#name, Key: key(pk), ConsistentRead: true }),
      );
      return item;
    });
  }

  /** Those that are there, by their keys. */
  getAll(pks: readonly string[]): Promise<[pk: string, item: Item][]> {
    return this.#call(async () => {
      const found: [string, Item][] = [];
      for (const chunk of chunksOf([...new Set(pks)], getsAtOnce)) {
        let left: Record<string, AttributeValue>[] = chunk.map(key);
        for (let request = 1; left.length > 0; request += 1) {
          const { Responses, UnprocessedKeys } = await this.#client.send(
            new BatchGetItemCommand({ RequestItems: { [this.#name]: { Keys: left, ConsistentRead: true } } }),
          );
          for (const item of Responses?.[this.#name] ?? []) {
            const pk = item[deliveriesTable.partitionKey]?.S;
            if (pk !== undefined) found.push([pk, item]);
          }
          left = UnprocessedKeys?.[this.#name]?.Keys ?? [];
          if (left.length === 0) break;
          if (request === mostRequests) throw notTaken(this.#name, left.length);
          await delay(backoffMs(backoff, request, Math.random));
        }
      }
      return found;
    });
  }

  update(pk: string, { set, remove, condition, values }: Update): Promise<Written> {
    const update = `SET ${set}${remove === undefined ? "" : ` REMOVE ${remove}`}`;
    return this.#conditional(async () => {
      const { Attributes: item } = await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#name,
          Key: key(pk),
          UpdateExpression: update,
          ConditionExpression: condition,
          ...placeholders(`${update} ${condition}`, values),
          ReturnValues: "ALL_NEW",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      );
      return item;
    });
  }

  delete(pk: string, condition: string, values: Update["values"]): Promise<Written> {
    return this.#conditional(async () => {
      const { Attributes: item } = await this.#client.send(
        new DeleteItemCommand({
          TableName: this.#name,
          Key: key(pk),
          ConditionExpression: condition,
          ...placeholders(condition, values),
          ReturnValues: "ALL_OLD",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      );
      return item;
    });
  }

  async #conditional(write: () => Promise<Item | undefined>): Promise<Written> {
    return this.#call(async (): Promise<Written> => {
      try {
        return { ok: true, item: await write() };
      } catch (thrown) {
        if (thrown instanceof ConditionalCheckFailedException) return { ok: false, item: thrown.Item };
        throw thrown;
      }
    });
  }

  async #call<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (thrown) {
      throw toBusErrorOfAws(thrown, `deliveries table ${this.#name}`);
    }
  }
}

function notTaken(table: string, left: number): BusError {
  return new BusError(
    "throttled",
    `deliveries table ${table}: ${left} rows were not given in ${mostRequests} requests; try again later`,
  );
}

const keys: ReadonlyMap<string, string> = new Map([
  ["#pk", deliveriesTable.partitionKey],
  ["#ttl", deliveriesTable.timeToLive],
]);

function key(pk: string): Record<string, AttributeValue> {
  return { [deliveriesTable.partitionKey]: { S: pk } };
}

/** Names and values that occur: DynamoDB refuses a value that is not used. Names are never written bare: many are reserved. */
function placeholders(text: string, values: Update["values"]) {
  const names = Object.fromEntries(
    [...text.matchAll(/#(\w+)/g)].map(([all, name = ""]) => [all, keys.get(all) ?? name]),
  );
  const used = new Set([...text.matchAll(/:(\w+)/g)].map(([, name]) => name));
  const given = Object.entries(values).filter(([name]) => used.has(name));
  return {
    ExpressionAttributeNames: names,
    ...(given.length === 0
      ? {}
      : { ExpressionAttributeValues: Object.fromEntries(given.map(([name, value]) => [`:${name}`, format(value)])) }),
  };
}

function format(value: string | number): AttributeValue {
  return typeof value === "string" ? { S: value } : { N: String(Math.round(value)) };
}
