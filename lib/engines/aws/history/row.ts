import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as z from "zod";
import { historyTable } from "../../../aws-shared/index.ts";
import { type Key, keyItem } from "./keys.ts";

const { partitionKey, sortKey, timeToLive } = historyTable;

/** A row as DynamoDB gives it. */
export type Item = Record<string, AttributeValue>;

/** What a row holds, apart from its key. Seconds since 1970; absent: for ever. */
export interface Row extends Key {
  readonly ttl?: number | undefined;
  readonly fields?: Item;
}

export const textField = z.object({ S: z.string() }).transform(({ S }) => S);
const numberField = z.object({ N: z.string().regex(/^-?\d+$/) }).transform(({ N }) => Number(N));
export const bytesField = z.object({ B: z.instanceof(Uint8Array) }).transform(({ B }) => B);
export const textsField = z.object({ L: z.array(textField) }).transform(({ L }) => L);

const keyFields = z.object({ [partitionKey]: textField, [sortKey]: textField });
const ttlField = z.object({ [timeToLive]: numberField.optional() });

/** The key of a row that was read. */
export function keyOf(item: Item): Key {
  const parsed = keyFields.parse(item);
  return { pk: parsed[partitionKey] ?? "", sk: parsed[sortKey] ?? "" };
}

export function itemOf(row: Row): Item {
  return {
    ...keyItem(row),
    ...(row.ttl === undefined ? {} : { [timeToLive]: { N: String(row.ttl) } }),
    ...row.fields,
  };
}

/** Whether a row's time is past: DynamoDB deletes it within days, and until then it counts as gone. */
export function isOver(item: Item, nowSeconds: number): boolean {
  const parsed = ttlField.safeParse(item);
  const ttl = parsed.success ? parsed.data[timeToLive] : undefined;
  return ttl !== undefined && ttl <= nowSeconds;
}
