import {
  type BatchGetItemCommandInput,
  type BatchWriteItemCommandInput,
  ConditionalCheckFailedException,
  type DeleteItemCommandInput,
  type GetItemCommandInput,
  type PutItemCommandInput,
  type QueryCommandInput,
  TransactionCanceledException,
  type TransactWriteItemsCommandInput,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import type { Random } from "../world/random.ts";
import { Expression, type Item, type Placeholders } from "./expression.ts";

/** Of the requests for several rows, those that leave some of them over. */
const shareLeftOver = 0.02;

type Condition = Placeholders & { readonly ConditionExpression?: string | undefined };

/** The rows of all tables by table, partition and sort key. */
export class Tables {
  readonly #partitions = new Map<string, Map<string, Item>>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  get({ Key, TableName }: GetItemCommandInput): object {
    return { Item: this.#row(TableName, Key) };
  }

  put(input: PutItemCommandInput): object {
    this.#check(input, this.#row(input.TableName, input.Item));
    this.#write(input.TableName, input.Item);
    return {};
  }

  update(input: UpdateItemCommandInput): object {
    const before = this.#row(input.TableName, input.Key);
    this.#check(input, before);
    const Attributes = new Expression(input.UpdateExpression ?? "", input, before ?? { ...input.Key }).update();
    this.#write(input.TableName, Attributes);
    return { Attributes };
  }

  delete(input: DeleteItemCommandInput): object {
    const before = this.#row(input.TableName, input.Key);
    this.#check(input, before);
    this.#partition(input.TableName, input.Key)?.delete(sortKey(input.Key));
    return { Attributes: before };
  }

  query(input: QueryCommandInput): object {
    const { ExclusiveStartKey: start, KeyConditionExpression = "", Limit, ScanIndexForward = true, TableName } = input;
    const [pk] = Object.values(input.ExpressionAttributeValues ?? {});
    const rows = [...(this.#partitions.get(`${TableName} ${pk?.S}`)?.values() ?? [])];
    const found = rows
      .filter((row) => new Expression(KeyConditionExpression, input, row).holds())
      .filter(
        (row) =>
          start === undefined || (ScanIndexForward ? sortKey(row) > sortKey(start) : sortKey(row) < sortKey(start)),
      )
      .sort((one, other) => (sortKey(one) < sortKey(other) === ScanIndexForward ? -1 : 1));
    const Items = found.slice(0, Limit);
    const last = Items.at(-1);
    return {
      Count: Items.length,
      ...(input.Select === "COUNT" ? {} : { Items }),
      ...(found.length > Items.length && last !== undefined ? { LastEvaluatedKey: last } : {}),
    };
  }

  batchGet({ RequestItems = {} }: BatchGetItemCommandInput): object {
    const Responses: Record<string, Item[]> = {};
    const UnprocessedKeys: Record<string, { Keys: readonly Item[] }> = {};
    for (const [table, { Keys = [] }] of Object.entries(RequestItems)) {
      const [given, left] = this.#split(Keys);
      Responses[table] = given.map((key) => this.#row(table, key)).filter((row) => row !== undefined);
      if (left.length > 0) UnprocessedKeys[table] = { Keys: left };
    }
    return { Responses, UnprocessedKeys };
  }

  batchWrite({ RequestItems = {} }: BatchWriteItemCommandInput): object {
    const UnprocessedItems: Record<string, readonly unknown[]> = {};
    for (const [table, requests] of Object.entries(RequestItems)) {
      const [taken, left] = this.#split(requests);
      for (const { DeleteRequest, PutRequest } of taken) {
        if (PutRequest !== undefined) this.#write(table, PutRequest.Item);
        else this.#partition(table, DeleteRequest?.Key)?.delete(sortKey(DeleteRequest?.Key));
      }
      if (left.length > 0) UnprocessedItems[table] = left;
    }
    return { UnprocessedItems };
  }

  transact({ TransactItems = [] }: TransactWriteItemsCommandInput): object {
    const steps = TransactItems.flatMap(({ Delete, Put }) => Put ?? Delete ?? []);
    const CancellationReasons = steps.map((step) => {
      const row = this.#row(step.TableName, "Item" in step ? step.Item : step.Key);
      return { Code: meets(step, row) ? "None" : "ConditionalCheckFailed" };
    });
    if (CancellationReasons.some(({ Code }) => Code !== "None")) {
      throw new TransactionCanceledException({ message: "cancelled", $metadata: {}, CancellationReasons });
    }
    for (const step of steps) {
      if ("Item" in step) this.#write(step.TableName, step.Item);
      else this.#partition(step.TableName, step.Key)?.delete(sortKey(step.Key));
    }
    return {};
  }

  /** What is done of a request, and what is left over. */
  #split<Part>(parts: readonly Part[]): [done: readonly Part[], left: readonly Part[]] {
    if (parts.length < 2 || !this.#random.chance(shareLeftOver)) return [parts, []];
    const at = 1 + this.#random.below(parts.length - 1);
    return [parts.slice(0, at), parts.slice(at)];
  }

  #check(input: Condition, row: Item | undefined): void {
    if (meets(input, row)) return;
    throw new ConditionalCheckFailedException({
      message: "The conditional request failed",
      $metadata: { httpStatusCode: 400 },
      ...(row === undefined ? {} : { Item: row }),
    });
  }

  #partition(table: string | undefined, key: Item | undefined): Map<string, Item> | undefined {
    return this.#partitions.get(`${table} ${key?.pk?.S}`);
  }

  #row(table: string | undefined, key: Item | undefined): Item | undefined {
    return this.#partition(table, key)?.get(sortKey(key));
  }

  #write(table: string | undefined, item: Item | undefined): void {
    if (item === undefined) throw new Error("a table has nothing to write");
    const partition = this.#partition(table, item);
    if (partition === undefined) this.#partitions.set(`${table} ${item.pk?.S}`, new Map([[sortKey(item), item]]));
    else partition.set(sortKey(item), item);
  }
}

function meets(input: Condition, row: Item | undefined): boolean {
  return input.ConditionExpression === undefined || new Expression(input.ConditionExpression, input, row).holds();
}

/** Empty in a table that has none. */
function sortKey(key: Item | undefined): string {
  return key?.sk?.S ?? "";
}
