import * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import { subscriptionRecord } from "../subscription/index.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";

const busConfig = z.object({
  /** Of this shape; a client that does not know a later one says so. */
  schema: z.literal(1),
  /** The bus's name in EventBridge and in all other names. */
  bus: z.string(),
  /** By which a client of another account names it to EventBridge. */
  busArn: z.string().optional(),
  historyTable: z.string(),
  deliveriesTable: z.string(),
  publisherDeadLetterQueueUrl: z.string(),
  /** Holds the bodies that are too large for the table. */
  bodiesBucket: z.string(),
  /** Milliseconds for which history keeps an event. */
  retentionMs: z.number().positive(),
  /** Bytes that one PutEvents request may have; some Regions may still have 262,144. */
  maxRequestBytes: z.int().positive(),
});

/** What a client has to know of a deployed bus. The stack writes it, the client reads it. */
export type BusConfig = Readonly<z.infer<typeof busConfig>>;

const deployed = z.object({
  schema: z.literal(1),
  /** Deployed with the subscription: a {@link SubscriptionRecord}. */
  record: z.unknown(),
  queueUrl: z.string(),
  /** Whether the queue keeps order within a message group. */
  fifo: z.boolean(),
  /** Whether a Lambda function consumes it; then no process may. */
  consumer: z.enum(["function", "process"]),
});

/** A deployed subscription: its data, and its queue. */
export interface DeployedSubscription {
  readonly schema: 1;
  readonly record: SubscriptionRecord;
  readonly queueUrl: string;
  readonly fifo: boolean;
  readonly consumer: "function" | "process";
}

/** Reads what a stack has written. `where` says where it was found. `invalid_config`. */
export function parseBusConfig(json: string, where: string): BusConfig {
  return parse(json, where, (value) => busConfig.parse(value));
}

/** Reads what a stack has written. `where` says where it was found. `invalid_config`. */
export function parseDeployedSubscription(json: string, where: string): DeployedSubscription {
  return parse(json, where, (value) => {
    const { record, ...rest } = deployed.parse(value);
    return { ...rest, record: subscriptionRecord(record) };
  });
}

function parse<Result>(json: string, where: string, check: (value: unknown) => Result): Result {
  try {
    return check(JSON.parse(json));
  } catch (thrown) {
    throw new BusError(
      "invalid_config",
      `${where} holds what this version of Waggle cannot read (${messageOf(thrown)}); deploy the stacks and the client from the same version`,
      { cause: thrown },
    );
  }
}
