/** The deliveries table: its keys, as the stack makes it and the engine uses it. On demand; no index. */
export const deliveriesTable = {
  /** Text. */
  partitionKey: "pk",
  /** Seconds since 1970; DynamoDB deletes what is older within days, so readers look at it themselves. */
  timeToLive: "ttl",
} as const;
