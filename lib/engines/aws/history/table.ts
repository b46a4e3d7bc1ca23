import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { historyTable } from "../../../aws-shared/index.ts";
import { BusError } from "../../../error/bus-error.ts";
import { toBusErrorOfAws } from "../aws-error.ts";
import type { AwsDependencies } from "../dependencies.ts";
import { chunksOf } from "./chunks.ts";
import { endKey, firstKey, type Key, keyItem } from "./keys.ts";
import { type Item, isOver, itemOf, keyOf, type Row } from "./row.ts";

/** Rows of one partition between two sort keys: `from` included, `to` not. */
export interface Span {
  readonly pk: string;
  readonly from?: string;
  readonly to?: string;
  readonly newestFirst?: boolean;
  /** Rows a page, at first; each page asks for twice as many. As many as fit into 1 MB where absent. */
  readonly pageSize?: number;
  readonly consistent?: boolean;
}

const { partitionKey, sortKey } = historyTable;

/** Why a transaction was cancelled that may succeed when it comes again. */
const passing: ReadonlySet<string> = new Set([
  "ProvisionedThroughputExceeded",
  "ThrottlingError",
  "TransactionConflict",
]);

/** Rows of one request, as DynamoDB takes them. */
const getsAtOnce = 100;
const putsAtOnce = 25;
/** Requests for what a batch left over; with the waits below about 6 s. */
const mostRequests = 8;
const firstWaitMs = 50;
const longestWaitMs = 2_000;

/** The history table: few ways to read and write it, all of which hide what is past its time. Rejects with BusError. */
export class Table {
  readonly #dependencies: AwsDependencies;
  readonly name: string;

  constructor(dependencies: AwsDependencies) {
    this.#dependencies = dependencies;
    this.name = dependencies.config.historyTable;
  }

  async get(key: Key, options: { consistent?: boolean } = {}): Promise<Item | undefined> {
    const { Item } = await this.#send((client) =>
      client.send(
        new GetItemCommand({ TableName: this.name, Key: keyItem(key), ConsistentRead: options.consistent === true }),
      ),
    );
    return Item === undefined || this.#isOver(Item) ? undefined : Item;
  }

  /** Those that are there, in no order. */
  async getAll(keys: readonly Key[], options: { consistent?: boolean } = {}): Promise<Item[]> {
    const chunks = chunksOf(keys.map(keyItem), getsAtOnce);
    const found = await Promise.all(chunks.map((chunk) => this.#getChunk(chunk, options.consistent === true)));
    return found.flat();
  }

  async #getChunk(keys: Item[], consistent: boolean): Promise<Item[]> {
    const found: Item[] = [];
    await this.#inRequests(keys, async (left) => {
      const { Responses, UnprocessedKeys } = await this.#send((client) =>
        client.send(
          new BatchGetItemCommand({ RequestItems: { [this.name]: { Keys: left, ConsistentRead: consistent } } }),
        ),
      );
      found.push(...(Responses?.[this.name] ?? []).filter((item) => !this.#isOver(item)));
      return UnprocessedKeys?.[this.name]?.Keys ?? [];
    });
    return found;
  }

  /** Writes rows, over what is there; all are tried, then it rejects if some could not be written. */
  async putAll(rows: readonly Row[]): Promise<void> {
    const chunks = chunksOf(
      rows.map((row) => ({ PutRequest: { Item: itemOf(row) } })),
      putsAtOnce,
    );
    await allOrFirstError(
      chunks.map((chunk) =>
        this.#inRequests(chunk, async (left) => {
          const { UnprocessedItems } = await this.#send((client) =>
            client.send(new BatchWriteItemCommand({ RequestItems: { [this.name]: left } })),
          );
          return (UnprocessedItems?.[this.name] ?? []).flatMap(({ PutRequest }) =>
            PutRequest?.Item === undefined ? [] : [{ PutRequest: { Item: PutRequest.Item } }],
          );
        }),
      ),
    );
  }

  async put(row: Row): Promise<void> {
    await this.#send((client) => client.send(new PutItemCommand({ TableName: this.name, Item: itemOf(row) })));
  }

  /** Writes a row where none is; else gives the one that is there. */
  async putNew(row: Row): Promise<Item | undefined> {
    const refused = await this.#putWhere({
      Item: itemOf(row),
      // A row past its time may stay for days, and counts as gone.
      ConditionExpression: "attribute_not_exists(#pk) OR #ttl <= :now",
      ExpressionAttributeNames: { "#pk": partitionKey, "#ttl": historyTable.timeToLive },
      ExpressionAttributeValues: { ":now": { N: String(this.#nowSeconds()) } },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    if (refused !== undefined && refused.Item === undefined) throw this.error(refused);
    return refused?.Item;
  }

  /** Sets a text of a row that was read, where it has not changed; false where it has. */
  async replaceText(item: Item, field: string, text: string): Promise<boolean> {
    const { [field]: earlier } = item;
    if (earlier === undefined) return false;
    const refused = await this.#putWhere({
      Item: { ...item, [field]: { S: text } },
      ConditionExpression: "#field = :earlier",
      ExpressionAttributeNames: { "#field": field },
      ExpressionAttributeValues: { ":earlier": earlier },
    });
    return refused === undefined;
  }

  /** Gives the refusal where the condition is not met. */
  async #putWhere(put: Omit<PutItemCommandInput, "TableName">): Promise<ConditionalCheckFailedException | undefined> {
    try {
      await this.#dependencies.clients.dynamo.send(new PutItemCommand({ TableName: this.name, ...put }));
      return undefined;
    } catch (thrown) {
      if (thrown instanceof ConditionalCheckFailedException) return thrown;
      throw this.error(thrown);
    }
  }

  /** Writes rows, all or none, where the first one is not there yet; false where it is. */
  putTogether(first: Row, others: readonly Row[]): Promise<boolean> {
    return this.#together([
      { Put: { TableName: this.name, Item: itemOf(first), ...onKey("attribute_not_exists(#pk)") } },
      ...others.map((row) => ({ Put: { TableName: this.name, Item: itemOf(row) } })),
    ]);
  }

  /** Deletes rows, all or none, where the first one is there; false where it is not. */
  deleteTogether(first: Key, others: readonly Key[]): Promise<boolean> {
    return this.#together([
      { Delete: { TableName: this.name, Key: keyItem(first), ...onKey("attribute_exists(#pk)") } },
      ...others.map((key) => ({ Delete: { TableName: this.name, Key: keyItem(key) } })),
    ]);
  }

  async #together(items: TransactWriteItem[]): Promise<boolean> {
    for (let request = 1; ; request += 1) {
      try {
        await this.#dependencies.clients.dynamo.send(new TransactWriteItemsCommand({ TransactItems: items }));
        return true;
      } catch (thrown) {
        const codes = thrown instanceof TransactionCanceledException ? (thrown.CancellationReasons ?? []) : [];
        if (codes.some(({ Code }) => Code === "ConditionalCheckFailed")) return false;
        // Two that write the same at once: one of them has to come again.
        const passes = codes.some(({ Code }) => Code !== undefined && passing.has(Code));
        if (!passes || request === mostRequests) throw this.error(thrown);
        await this.#wait(firstWaitMs * 2 ** (request - 1));
      }
    }
  }

  /** How many rows a partition has. */
  async count(pk: string): Promise<number> {
    let count = 0;
    let start: Item | undefined;
    do {
      const page = await this.#send((client) =>
        client.send(
          new QueryCommand({
            TableName: this.name,
            Select: "COUNT",
            KeyConditionExpression: "#pk = :pk",
            ExpressionAttributeNames: { "#pk": partitionKey },
            ExpressionAttributeValues: { ":pk": { S: pk } },
            ...(start === undefined ? {} : { ExclusiveStartKey: start }),
          }),
        ),
      );
      count += page.Count ?? 0;
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return count;
  }

  /** Page by page. */
  async *query(span: Span): AsyncGenerator<Item[], void, void> {
    const { from = firstKey, to = endKey } = span;
    // DynamoDB refuses a range that ends before it begins.
    if (from >= to) return;
    let start: Item | undefined;
    let limit = span.pageSize;
    do {
      const page = await this.#send((client) =>
        client.send(
          new QueryCommand({
            TableName: this.name,
            KeyConditionExpression: "#pk = :pk AND #sk BETWEEN :from AND :to",
            ExpressionAttributeNames: { "#pk": partitionKey, "#sk": sortKey },
            ExpressionAttributeValues: {
              ":pk": { S: span.pk },
              ":from": { S: from },
              ":to": { S: to },
            },
            ScanIndexForward: span.newestFirst !== true,
            ConsistentRead: span.consistent === true,
            ...(limit === undefined ? {} : { Limit: limit }),
            ...(start === undefined ? {} : { ExclusiveStartKey: start }),
          }),
        ),
      );
      start = page.LastEvaluatedKey;
      if (limit !== undefined) limit = Math.min(2 * limit, 5_000);
      // BETWEEN includes its end.
      const items = (page.Items ?? []).filter((item) => !this.#isOver(item) && keyOf(item).sk !== to);
      if (items.length > 0 || start !== undefined) yield items;
    } while (start !== undefined);
  }

  /** All rows of a span. */
  async all(span: Span): Promise<Item[]> {
    const items: Item[] = [];
    for await (const page of this.query(span)) items.push(...page);
    return items;
  }

  error(thrown: unknown): BusError {
    return toBusErrorOfAws(thrown, `table ${this.name}`);
  }

  async #send<Result>(send: (client: AwsDependencies["clients"]["dynamo"]) => Promise<Result>): Promise<Result> {
    try {
      return await send(this.#dependencies.clients.dynamo);
    } catch (thrown) {
      throw this.error(thrown);
    }
  }

  /** What a batch left over, since a key was too busy, is sent again after a while. `throttled` in the end. */
  async #inRequests<Part>(parts: Part[], send: (left: Part[]) => Promise<Part[]>): Promise<void> {
    let left = parts;
    for (let request = 0; left.length > 0; request += 1) {
      if (request === mostRequests) {
        throw new BusError(
          "throttled",
          `table ${this.name}: ${left.length} of ${parts.length} rows were not taken in ${mostRequests} requests; try again later, or raise the table's quota`,
        );
      }
      if (request > 0) await this.#wait(Math.min(firstWaitMs * 2 ** (request - 1), longestWaitMs));
      left = await send(left);
    }
  }

  #wait(ms: number): Promise<void> {
    const { clock, random } = this.#dependencies;
    return new Promise((resolve) => {
      clock.setTimer(resolve, ms * (0.5 + random() / 2), { keepAlive: true });
    });
  }

  #isOver(item: Item): boolean {
    return isOver(item, this.#nowSeconds());
  }

  #nowSeconds(): number {
    return Math.floor(this.#dependencies.clock.now() / 1_000);
  }
}

function onKey(ConditionExpression: string) {
  return { ConditionExpression, ExpressionAttributeNames: { "#pk": partitionKey } };
}

/** Waits for all, so that nothing goes on after a rejection. */
async function allOrFirstError(promises: readonly Promise<void>[]): Promise<void> {
  for (const settled of await Promise.allSettled(promises)) {
    if (settled.status === "rejected") throw settled.reason;
  }
}
