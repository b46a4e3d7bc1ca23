/** The deliveries table: its keys, as the stack makes it and the engine uses it. On demand; no index. */
export const deliveriesTable = {
  /** Text. */
  partitionKey: "pk",
  /** Seconds since 1970; DynamoDB deletes what is older within days, so readers look at it themselves. */
  timeToLive: "ttl",
} as const;

/** The history table, dead letters included: its keys, as the stack makes it and the engine uses it. On demand; no index. */
export const historyTable = {
  /** Text. */
  partitionKey: "pk",
  /** Text. */
  sortKey: "sk",
  /** Seconds since 1970, as in {@link deliveriesTable}; dead letters have none: they stay until somebody deals with them. */
  timeToLive: "ttl",
} as const;

/** The table of an outbox: its keys, as the stack makes it and the store uses it. On demand; no index; nothing in it expires. */
export const outboxTable = {
  /** Text: see {@link waitingPartition}. */
  partitionKey: "pk",
  /** Text. */
  sortKey: "sk",
} as const;

const waitingPrefix = "waiting#";

/** The partition of what waits in an outbox, in one of its shards. */
export function waitingPartition(shard: number): string {
  return `${waitingPrefix}${shard}`;
}

/** The shard of a partition of what waits; undefined for any other. */
export function waitingShard(partition: string): number | undefined {
  return partition.startsWith(waitingPrefix) ? Number(partition.slice(waitingPrefix.length)) : undefined;
}

/** Where bodies that are too large for the history table lie in their bucket. */
export const bodyPrefixes = {
  /** The stack lets what lies here expire after history's retention, and not before. */
  events: "events/",
  /** Never expires by itself. */
  deadLetters: "dead-letters/",
} as const;
