import { createHash } from "node:crypto";
import { historyTable } from "../../../aws-shared/index.ts";
import { idTime } from "../../../event/id.ts";

/** The key of a row of the history table. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/**
 * The events lie in so many collections. A key of DynamoDB takes 1,000 write units a second, and all that is written now
 * goes to the newest end of each: so 16,000 a second, which is 16,000 events of 1 KB: what 1,600 full PutEvents requests a
 * second bring. A page in order of time asks each of them once, so more would make reading dearer.
 */
export const eventShards = 16;

/** Rows of the log and of the counts: one a batch each, so 4,000 batches a second. */
export const batchShards = 4;

/**
 * An event's position in the order of acceptance, as text: 13 digits of milliseconds, a dot, the id. `<` compares as
 * DynamoDB's sort keys do, since an id is ASCII.
 */
export function acceptanceKey(acceptedAt: number, id: string): string {
  return `${timeKey(acceptedAt)}.${id}`;
}

/** Just before everything accepted at a time. */
export function timeKey(ms: number): string {
  return String(Math.min(Math.max(Math.floor(ms), 0), 9_999_999_999_999)).padStart(13, "0");
}

/** Before and after all keys that begin with a time. */
export const firstKey = "0";
export const endKey = ":";

/** The milliseconds at the front of a key. */
export function keyTime(key: string): number {
  return Number(key.slice(0, 13));
}

/** The position that an id of our own names by itself; undefined for any other id. */
export function keyInId(id: string): string | undefined {
  const time = idTime(id);
  return time === undefined ? undefined : acceptanceKey(time, id);
}

/** Where the event of an acceptance key lies. */
export function eventKey(key: string): Key {
  return { pk: eventShard(shardOf(key.slice(14))), sk: key };
}

export function eventShard(shard: number): string {
  return `event#${String(shard).padStart(2, "0")}`;
}

/** Leads from an id that says no time, or not the right one, to its event. */
export function pointerKey(id: string): Key {
  return { pk: `id#${id}`, sk: "id" };
}

export function logShard(shard: number): string {
  return `log#${shard}`;
}

export function countShard(shard: number): string {
  return `count#${shard}`;
}

/** The types that there are: one row each. */
export const typesPk = "types";

/** Bytes of a value that is looked up as it is; a longer one is looked up by its hash, so that a row stays small. */
const longestValue = 128;

/** Where the rows lie that say which events have a value. Two values may share a key: what is read there is checked. */
export function postingPk(field: string, value: string): string {
  if (Buffer.byteLength(value) <= longestValue) return `${field}#${value}`;
  return `${field}##${createHash("sha256").update(value).digest("base64url")}`;
}

/** FNV-1a: the ids' own digits would do for ours, but not for a caller's. */
function shardOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193) >>> 0;
  return ((hash ^ (hash >>> 16)) >>> 0) % eventShards;
}

/** Milliseconds of the longest time slice that one row says has a value; see `posting-plan.ts`. */
export const longestSliceMs = 3_600_000;

/** A key as the table takes it. */
export function keyItem({ pk, sk }: Key) {
  return { [historyTable.partitionKey]: { S: pk }, [historyTable.sortKey]: { S: sk } };
}

/** Seconds since 1970 after which a row may go. */
export function ttlOf(ms: number, retentionMs: number): number {
  return Math.ceil((ms + retentionMs) / 1_000);
}
