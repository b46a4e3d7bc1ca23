/**
 * Prices in US dollars for us-east-1, on demand, without free tiers, from the pricing pages of November 2026:
 * aws.amazon.com/eventbridge/pricing, /sqs/pricing, /lambda/pricing (arm64), /dynamodb/pricing/on-demand.
 */
export const prices = {
  /** A custom event, per 64 KB or part of it. Delivery to a queue in the same account is free. */
  event: 1.0 / 1e6,
  /** A request of a standard queue, per 64 KB or part of it. */
  queueRequest: 0.4 / 1e6,
  call: 0.2 / 1e6,
  gigabyteSecond: 0.0000133334,
  /** A write, per 1 KB of the row or part of it, and again for each index that has the row. */
  writeUnit: 0.625 / 1e6,
  /** A consistent read, per 4 KB or part of it; an eventually consistent read costs half. */
  readUnit: 0.125 / 1e6,
} as const;

/** The unit in which EventBridge and SQS bill, in bytes. */
export const chunkBytes = 65_536;

/** Assumptions about the recording function, which an emulator cannot measure. */
export const assumed = {
  functionGigabytes: 0.5,
  /** Milliseconds of an invocation without waiting for the table: to read the messages and to respond. */
  callMs: 10,
  /** Milliseconds of processor time for an event: to parse, compress, sign and send it. */
  eventMs: 2,
  /** Milliseconds of one request to DynamoDB from a function. */
  roundTripMs: 8,
  /** Sequential requests: rows and events together, the counts, the log. */
  roundTrips: 3,
} as const;
