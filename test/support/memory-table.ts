import { type AttributeValue, ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as z from "zod";
import { itemBytes } from "../../bench/cost/units.ts";

type Item = Record<string, AttributeValue>;

const attributes = z.custom<Item>((value) => typeof value === "object" && value !== null);
const condition = {
  ConditionExpression: z.string().optional(),
  ExpressionAttributeNames: z.record(z.string(), z.string()).default({}),
  ExpressionAttributeValues: attributes.default({}),
};
const requests = {
  get: z.object({ Key: attributes }),
  put: z.object({ Item: attributes, ...condition }),
  batchGet: z.object({ RequestItems: z.record(z.string(), z.object({ Keys: z.array(attributes) })) }),
  batchWrite: z.object({
    RequestItems: z.record(z.string(), z.array(z.object({ PutRequest: z.object({ Item: attributes }) }))),
  }),
  query: z.object({
    ExpressionAttributeValues: attributes,
    ScanIndexForward: z.boolean(),
    Limit: z.number().default(1_000_000),
    ExclusiveStartKey: attributes.optional(),
  }),
};

/** Called with the name of a command and what it asks. */
type Hook = (name: string, input: unknown) => Promise<void>;

const consistency = z.object({
  ConsistentRead: z.boolean().optional(),
  RequestItems: z.record(z.string(), z.object({ ConsistentRead: z.boolean().optional() })).default({}),
});
const answers = z.object({
  Items: z.array(attributes).optional(),
  Responses: z.record(z.string(), z.array(attributes)).default({}),
});

/** What DynamoDB bills for a query or several rows: 4 KB a unit, and half of that where a copy may answer. */
function readUnits(input: unknown, output: unknown): number {
  const asked = consistency.safeParse(input);
  const { Items, Responses } = answers.parse(output);
  if (!asked.success) return 0;
  const { ConsistentRead, RequestItems } = asked.data;
  const isConsistent = ConsistentRead ?? Object.values(RequestItems)[0]?.ConsistentRead;
  const sizes = Object.values(Responses).flat().map(itemBytes);
  if (Items !== undefined) sizes.push(Items.reduce((sum, item) => sum + itemBytes(item), 0));
  const units = sizes.reduce((sum, bytes) => sum + Math.max(1, Math.ceil(bytes / 4_096)), 0);
  return isConsistent === true ? units : units / 2;
}

/**
 * A DynamoDB table in this process, with as much of DynamoDB as the history table uses, for tests that decide in which order
 * requests come: `before` is awaited before each request, `after` before its answer; either may reject in its place.
 */
export class MemoryTable {
  readonly rows = new Map<string, Item>();

  connect(hooks: { before?: Hook; after?: Hook } = {}) {
    const client = new DynamoDBClient({ region: "us-east-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } });
    client.middlewareStack.add(
      (_, context) => async (args) => {
        const name = context.commandName ?? "";
        await hooks.before?.(name, args.input);
        const output = this.#answer(name, args.input);
        await hooks.after?.(name, args.input);
        const ConsumedCapacity = { CapacityUnits: readUnits(args.input, output) };
        return { response: {}, output: { $metadata: {}, ...output, ConsumedCapacity } };
      },
      { step: "initialize", priority: "low" },
    );
    return client;
  }

  #answer(name: string, input: unknown): object {
    if (name === "GetItemCommand") return { Item: this.rows.get(keyOf(requests.get.parse(input).Key)) };
    if (name === "PutItemCommand") return this.#put(requests.put.parse(input));
    if (name === "QueryCommand") return this.#query(requests.query.parse(input));
    if (name === "BatchGetItemCommand") {
      const [[table, { Keys }] = ["", { Keys: [] }]] = Object.entries(requests.batchGet.parse(input).RequestItems);
      return {
        Responses: { [table]: Keys.map((key) => this.rows.get(keyOf(key))).filter((item) => item !== undefined) },
      };
    }
    if (name === "BatchWriteItemCommand") {
      const [puts = []] = Object.values(requests.batchWrite.parse(input).RequestItems);
      for (const { PutRequest } of puts) this.rows.set(keyOf(PutRequest.Item), PutRequest.Item);
      return {};
    }
    throw new Error(`a table in memory does not know ${name}`);
  }

  #put(request: z.infer<typeof requests.put>): object {
    const key = keyOf(request.Item);
    this.#check(request, this.rows.get(key));
    this.rows.set(key, request.Item);
    return {};
  }

  #query(request: z.infer<typeof requests.query>): object {
    const { ExpressionAttributeValues: values, ScanIndexForward: forward, Limit, ExclusiveStartKey: start } = request;
    const [pk, from = "", to = ""] = [":pk", ":from", ":to"].map((name) => values[name]?.S);
    const found = [...this.rows.values()]
      .filter((item) => item.pk?.S === pk && skOf(item) >= from && skOf(item) <= to)
      .filter((item) => start === undefined || skOf(item) > skOf(start) === forward)
      .filter((item) => start === undefined || skOf(item) !== skOf(start))
      .sort((one, other) => (skOf(one) < skOf(other) === forward ? -1 : 1));
    const Items = found.slice(0, Limit);
    const last = Items.at(-1);
    return { Items, ...(found.length > Limit && last !== undefined ? { LastEvaluatedKey: last } : {}) };
  }

  #check(
    request: Pick<
      z.infer<typeof requests.put>,
      "ConditionExpression" | "ExpressionAttributeNames" | "ExpressionAttributeValues"
    >,
    item: Item | undefined,
  ): void {
    const {
      ConditionExpression: expression,
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: values,
    } = request;
    if (expression === undefined) return;
    const holds = expression.split(" OR ").some((part) => {
      const [, absent] = /^attribute_not_exists\((#\w+)\)$/.exec(part) ?? [];
      if (absent !== undefined) return item?.[names[absent] ?? ""] === undefined;
      const [, name = "", operator, value = ""] = /^(#\w+) (=|<=) (:\w+)$/.exec(part) ?? [];
      const [own, other] = [item?.[names[name] ?? ""], values[value]];
      if (operator === "=") return own !== undefined && own.S === other?.S;
      if (operator === "<=") return own !== undefined && Number(own.N) <= Number(other?.N);
      throw new Error(`cannot read the condition ${part}`);
    });
    if (holds) return;
    throw new ConditionalCheckFailedException({
      message: "The conditional request failed",
      $metadata: {},
      ...(item === undefined ? {} : { Item: item }),
    });
  }
}

function keyOf({ pk, sk }: Item): string {
  return `${pk?.S} ${sk?.S}`;
}

function skOf({ sk }: Item): string {
  return sk?.S ?? "";
}
