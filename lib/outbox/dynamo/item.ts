import { createHash } from "node:crypto";
import * as z from "zod";
import { outboxTable, waitingPartition } from "../../aws-shared/index.ts";
import { BusError } from "../../error/bus-error.ts";
import type { OutboxRecord, StoredRecord } from "../store.ts";

/** Where DynamoDB writes a value, by its type. */
export type OutboxAttribute =
  | {
      /** A text. */
      readonly S: string;
    }
  | {
      /** The digits of a number. */
      readonly N: string;
    }
  | {
      /** Yes or no. */
      readonly BOOL: boolean;
    };

/** The fields of an item, as the document client takes them. */
export type PlainItem = Record<string, string | number | boolean>;

/** The key of an item. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

const { partitionKey, sortKey } = outboxTable;

/**
 * What waits lies in so many partitions, and all of a key in one: DynamoDB writes 1,000 units a second to a partition, which
 * are some 500 events in transactions. Their number is for good, since records lie where it says.
 */
const shardCount = 8;

/** All shards. */
export const allShards: readonly number[] = Array.from({ length: shardCount }, (_, shard) => shard);

/** DynamoDB takes 400 KB an item; this is left for the event and its key, beside what the store itself notes. */
const mostBytes = 400_000;
/** Characters that are kept of the message of an error. */
const mostOfMessage = 1_000;

const seqForm = /^\d{13}-[0-9a-z]{4}-[0-9a-z]{8}#(\d)$/;

/** Numbers the records of a process, by time; between processes their clocks decide. */
export class Sequence {
  readonly #now: () => number;
  readonly #own: string;
  #last = 0;
  #count = 0;

  constructor(now: () => number, random: () => number) {
    this.#now = now;
    this.#own = Math.floor(random() * 36 ** 8)
      .toString(36)
      .padStart(8, "0");
  }

  /** The next place, in the shard of a key. Greater than all before, also where the clock has been set back. */
  next(key: string): string {
    const now = this.#now();
    if (now > this.#last) [this.#last, this.#count] = [now, 0];
    else if (this.#count === 36 ** 4 - 1) [this.#last, this.#count] = [this.#last + 1, 0];
    else this.#count += 1;
    const count = this.#count.toString(36).padStart(4, "0");
    return `${String(this.#last).padStart(13, "0")}-${count}-${this.#own}#${shardOf(key)}`;
  }
}

function shardOf(key: string): number {
  return (createHash("sha256").update(key).digest()[0] ?? 0) % shardCount;
}

/** Where a record lies. */
export function keyOf(seq: string, state: StoredRecord["state"]): ItemKey {
  const shard = Number(seqForm.exec(seq)?.[1] ?? 0);
  return { pk: state === "waiting" ? waitingPartition(shard) : failedPartition(shard), sk: seq };
}

/** Whether an outbox in DynamoDB has given this place. */
export function isSeq(text: string): boolean {
  return seqForm.test(text);
}

/** Records that were set aside lie apart: who reads what waits does not pay for them. */
export function failedPartition(shard: number): string {
  return `failed#${shard}`;
}

/** The item of a record that is added. `event_too_large`. */
export function toItem(seq: string, added: number, { event, history, id, key }: OutboxRecord): PlainItem {
  const bytes = Buffer.byteLength(event) + Buffer.byteLength(key);
  if (bytes > mostBytes) {
    throw new BusError(
      "event_too_large",
      `the event has ${bytes} bytes with its key, and an outbox in DynamoDB takes ${mostBytes}; put large data elsewhere and a reference into the event`,
      { details: { bytes, limit: mostBytes } },
    );
  }
  return { ...itemKey(keyOf(seq, "waiting")), id, key, history, event, added, attempts: 0 };
}

/** What is kept of the message of an error. DynamoDB takes no half of a character, which a cut may leave. */
export function keptMessage(message: string): string {
  return message.slice(0, mostOfMessage).toWellFormed();
}

function itemKey({ pk, sk }: ItemKey): PlainItem {
  return { [partitionKey]: pk, [sortKey]: sk };
}

/** An item as DynamoDB itself takes it, with `prefix` before each name. */
export function marshal(item: PlainItem, prefix = ""): Record<string, OutboxAttribute> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [`${prefix}${name}`, attribute(value)]));
}

function attribute(value: string | number | boolean): OutboxAttribute {
  if (typeof value === "string") return { S: value };
  return typeof value === "number" ? { N: String(value) } : { BOOL: value };
}

/** The key of an item as DynamoDB itself takes it. */
export function marshalKey(key: ItemKey): Record<string, OutboxAttribute> {
  return marshal(itemKey(key));
}

const attributeForm = z
  .union([
    z.object({ S: z.string() }).transform(({ S }) => S),
    z.object({ N: z.string() }).transform(({ N }) => Number(N)),
    z.object({ BOOL: z.boolean() }).transform(({ BOOL }) => BOOL),
  ])
  .optional();
const itemForm = z.record(z.string(), attributeForm);
const recordForm = z.object({
  sk: z.string(),
  id: z.string(),
  key: z.string(),
  history: z.boolean(),
  event: z.string(),
  added: z.number(),
  attempts: z.number(),
  due: z.number().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
  failedAt: z.number().optional(),
});

/** Reads an item. */
export function toRecord(item: unknown, state: StoredRecord["state"]): StoredRecord {
  const { code, due, failedAt: at, message, sk: seq, ...record } = recordForm.parse(itemForm.parse(item));
  return {
    ...record,
    seq,
    state,
    ...(due === undefined ? {} : { due }),
    ...(code === undefined || message === undefined || at === undefined ? {} : { error: { code, message, at } }),
  };
}

/** The item of a record that is moved to another state. */
export function movedItem(record: StoredRecord, state: StoredRecord["state"]): PlainItem {
  const { added, attempts, error, event, history, id, key, seq } = record;
  return {
    ...itemKey(keyOf(seq, state)),
    ...{ id, key, history, event, added, attempts },
    ...(error === undefined ? {} : { code: error.code, message: error.message, failedAt: error.at }),
  };
}
