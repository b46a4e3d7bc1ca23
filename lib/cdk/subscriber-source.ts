import { Duration, Token } from "aws-cdk-lib";
import type { SubscriptionRecord } from "../subscription/index.ts";
import { subscriptionError } from "./check-subscription.ts";
import { type LambdaConcurrency, lambdaConcurrency } from "./lambda-concurrency.ts";

/** How a subscriber's queue hands its messages to functions. */
export interface SubscriberSourceSettings {
  /**
   * Number of messages that one invocation receives and runs concurrently: 1 to 10, with a `batchingWindow` 1 to 10,000, and
   * at most half of `concurrency`. Default: the value with the lowest cost.
   */
  readonly batchSize?: number;
  /**
   * How long messages are collected for a batch: whole seconds up to 5 minutes. Fewer invocations cost less; each delivery may
   * start later by this time. Not for `ordered`, whose queue has none. Default: not at all.
   */
  readonly batchingWindow?: Duration;
  /**
   * Number of functions that are kept initialized, so that a delivery does not wait for a start: 1 to the number of functions
   * that `concurrency` allows. They cost money also when idle. The queue then invokes the alias `live` of the function's
   * current version. Default: none.
   */
  readonly provisionedConcurrency?: number;
}

/** The event source of a subscriber, checked, with all defaults applied. */
export interface SubscriberSource extends LambdaConcurrency {
  /** 0: messages are not collected. */
  readonly windowSeconds: number;
  readonly provisioned: number | undefined;
}

const maxWindowSeconds = 300;

/** Applies the defaults of an event source. Throws `invalid_config` for values that Lambda would refuse. */
export function subscriberSource(record: SubscriptionRecord, settings: SubscriberSourceSettings): SubscriberSource {
  const windowSeconds = batchingWindow(record, settings.batchingWindow);
  const concurrency = concurrencyOf(record, settings.batchSize, windowSeconds);
  const { provisionedConcurrency: provisioned } = settings;
  if (provisioned !== undefined && !Token.isUnresolved(provisioned)) {
    const { functions } = concurrency;
    if (!Number.isInteger(provisioned) || provisioned < 1 || provisioned > functions) {
      throw subscriptionError(
        record.name,
        `provisionedConcurrency must be an integer from 1 to ${functions}, not ${provisioned}: more than ${functions} functions never run with a concurrency of ${record.concurrency} and batches of ${concurrency.batchSize}`,
      );
    }
  }
  return { ...concurrency, windowSeconds, provisioned };
}

function batchingWindow({ name, ordered }: SubscriptionRecord, given = Duration.seconds(0)): number {
  const seconds = given.toSeconds({ integral: false });
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > maxWindowSeconds) {
    throw subscriptionError(
      name,
      `batchingWindow must be whole seconds from 0 to ${maxWindowSeconds}, not ${seconds} s`,
    );
  }
  if (seconds > 0 && ordered !== undefined) {
    throw subscriptionError(
      name,
      "batchingWindow is not supported with `ordered`, as Lambda does not collect messages of a FIFO queue; omit one of them",
    );
  }
  return seconds;
}

function concurrencyOf(
  { name, concurrency }: SubscriptionRecord,
  batchSize: number | undefined,
  windowSeconds: number,
): LambdaConcurrency {
  if (batchSize === undefined) return lambdaConcurrency(concurrency);
  const most = windowSeconds > 0 ? 10_000 : 10;
  const max = Math.min(most, Math.max(1, Math.floor(concurrency / 2)));
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > max) {
    throw subscriptionError(
      name,
      `batchSize must be an integer from 1 to ${max}, not ${batchSize}: at most 10, or more with a batchingWindow, and at most half of the concurrency of ${concurrency}, because Lambda runs at least two functions`,
    );
  }
  return concurrency === 1 ? lambdaConcurrency(1) : { batchSize, functions: Math.floor(concurrency / batchSize) };
}
