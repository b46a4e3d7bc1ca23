/**
 * US dollars, us-east-1, on demand, without free tiers, as the services' pricing pages gave them in November 2026:
 * aws.amazon.com/eventbridge/pricing, /sqs/pricing, /lambda/pricing (arm64), /dynamodb/pricing/on-demand.
 */
export const prices = {
  /** A custom event, each started 64 KB of it. Its delivery to a queue of the same account is free. */
  event: 1.0 / 1e6,
  /** A request of a standard queue, each started 64 KB of it. */
  queueRequest: 0.4 / 1e6,
  call: 0.2 / 1e6,
  gigabyteSecond: 0.0000133334,
  /** Each started 1 KB of a row that is written, once more for each index that has it. */
  writeUnit: 0.625 / 1e6,
  /** Each started 4 KB that is read consistently; half of one where it may be a moment old. */
  readUnit: 0.125 / 1e6,
} as const;

/** Bytes that EventBridge and SQS bill as one. */
export const chunkBytes = 65_536;

/** What no emulator can tell of the recording function. */
export const assumed = {
  functionGigabytes: 0.5,
  /** Milliseconds that a call takes besides waiting for the table: to read the messages, to answer. */
  callMs: 10,
  /** Milliseconds of the processor for an event: to parse, compress, sign and send it. */
  eventMs: 2,
  /** Milliseconds of one request to DynamoDB from a function. */
  roundTripMs: 8,
  /** Requests that wait for each other: rows and events at once, the counts, the log. */
  roundTrips: 3,
} as const;
