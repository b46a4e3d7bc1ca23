import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as z from "zod";

/** The billed capacity units and the number of requests. */
export interface Units {
  written: number;
  read: number;
  requests: number;
  /** Write units by kind of row: the part of the partition key before `#`. */
  readonly by: Map<string, number>;
}

const capacity = z.object({ CapacityUnits: z.number() });
const answer = z.object({ ConsumedCapacity: z.union([capacity, z.array(capacity)]).optional() });
const writes = /^(Put|Update|Delete|BatchWrite|TransactWrite)/;

/** Requests the consumed capacity with each request of a client, and adds it up. */
export function countUnits(client: DynamoDBClient): Units {
  const units: Units = { written: 0, read: 0, requests: 0, by: new Map() };
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: "TOTAL" } });
      const { ConsumedCapacity: consumed } = answer.parse(result.output);
      const all = consumed === undefined ? [] : [consumed].flat();
      const sum = all.reduce((total, { CapacityUnits }) => total + CapacityUnits, 0);
      units.requests += 1;
      if (writes.test(context.commandName ?? "")) {
        units.written += sum;
        for (const item of itemsOf(args.input)) {
          const name = /^[^#]*/.exec(item.pk?.S ?? "")?.[0] ?? "";
          units.by.set(name, (units.by.get(name) ?? 0) + Math.ceil(itemBytes(item) / 1_024));
        }
      } else units.read += sum;
      return result;
    },
    { step: "initialize", name: "countUnits" },
  );
  return units;
}

const item = z.custom<Record<string, AttributeValue>>((value) => typeof value === "object" && value !== null);
const put = z.object({ Item: item });
const batch = z.object({ RequestItems: z.record(z.string(), z.array(z.object({ PutRequest: put }))) });

function itemsOf(input: unknown): Record<string, AttributeValue>[] {
  const one = put.safeParse(input);
  if (one.success) return [one.data.Item];
  const many = batch.safeParse(input);
  if (!many.success) return [];
  return Object.values(many.data.RequestItems).flatMap((requests) => requests.map(({ PutRequest }) => PutRequest.Item));
}

/** Returns the bytes of a row as DynamoDB counts them: names and values, and some overhead for lists and maps. */
export function itemBytes(row: Readonly<Record<string, AttributeValue>>): number {
  return Object.entries(row).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  // A number has about two digits per byte, and one byte more.
  if (value.N !== undefined) return Math.ceil(value.N.replace(/\D/g, "").length / 2) + 1;
  if (value.B !== undefined) return value.B.byteLength;
  if (value.L !== undefined) return 3 + value.L.reduce((sum, inner) => sum + 1 + valueBytes(inner), 0);
  if (value.M !== undefined) return 3 + itemBytes(value.M) + Object.keys(value.M).length;
  return 1;
}
