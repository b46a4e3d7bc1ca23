import { join } from "node:path";
import { Duration } from "aws-cdk-lib";
import type { IGrantable, IPrincipal } from "aws-cdk-lib/aws-iam";
import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { functionLimitProblem, functionVariables } from "../aws-shared/index.ts";
import { formatDuration } from "../event/duration.ts";
import type { Subscription, SubscriptionRecord } from "../subscription/index.ts";
import { checkEnvironment } from "./check-size.ts";
import { checkSubscription, subscriptionError } from "./check-subscription.ts";
import { writeEntry } from "./entry.ts";
import { BusGrants } from "./grants.ts";
import { type LambdaConcurrency, lambdaConcurrency } from "./lambda-concurrency.ts";
import { stageSettings } from "./stage.ts";
import { functionAlarm } from "./subscription-alarms.ts";
import { type SubscriptionOptions, SubscriptionQueue } from "./subscription-queue.ts";
import { WaggleFunction } from "./waggle-function.ts";

/** The location of a subscriber's code. */
export type SubscriberCode =
  | {
      /** A folder with `subscription.ts` and `handler.ts` (or .js, .mjs), each with a default export. */
      readonly folder: string;
      readonly entry?: never;
    }
  | {
      /** A module that exports `handler = defineHandler(subscription, handle)` of `wagglebus/lambda`. */
      readonly entry: string;
      readonly folder?: never;
    };

/** Properties of a {@link Subscriber}. */
export type SubscriberProps = SubscriptionOptions &
  SubscriberCode & {
    /** The same subscription that the code uses. */
    readonly subscription: Subscription | SubscriptionRecord;
    /** A module whose default export is the catalog. Default: the standard catalog. Has no effect with `entry`. */
    readonly catalog?: string;
    /**
     * Number of messages that one invocation receives and runs concurrently: 1 to 10, and at most half of `concurrency`.
     * Default: the value with the lowest cost.
     */
    readonly batchSize?: number;
    /** Memory in MB. Default 512. */
    readonly memorySize?: number;
    /** Environment variables of the function besides those that Waggle sets. */
    readonly environment?: Readonly<Record<string, string>>;
    /** How long a message is hidden while a function has it. Default, and the minimum that AWS recommends: 6 × its timeout. */
    readonly visibilityTimeout?: Duration;
  };

/** Time to claim before the run and to settle after it. */
const marginMs = 10_000;
const maxFunctionMs = 15 * 60_000;

/**
 * A subscription and the Lambda function that handles it. Everything derives from the data of the subscription. Throws
 * `invalid_config`, `invalid_pattern` or `conflict`, with the name of the subscription, for what a deployment would refuse.
 */
export class Subscriber extends Construct implements IGrantable {
  /** The subscription with all defaults applied. */
  readonly record: SubscriptionRecord;
  /** The subscription's queue, between the rule and the function. */
  readonly queue: Queue;
  /** The function that runs the handler. */
  readonly function: WaggleFunction;
  readonly grantPrincipal: IPrincipal;

  constructor(scope: Construct, id: string, props: SubscriberProps) {
    super(scope, id);
    const { bus } = props;
    const checked = checkSubscription(props.subscription);
    this.record = checked.record;
    const { name } = this.record;
    const problem = functionLimitProblem(this.record);
    if (problem !== undefined) throw subscriptionError(name, problem);
    const timeout = functionTimeout(this.record);
    const visibilityTimeout = props.visibilityTimeout ?? Duration.seconds(timeout.toSeconds() * 6);
    if (visibilityTimeout.toSeconds() < timeout.toSeconds()) {
      throw subscriptionError(
        name,
        `visibilityTimeout must be at least the function's timeout of ${formatDuration(timeout.toMilliseconds())}, not ${formatDuration(visibilityTimeout.toMilliseconds())}, or another function would receive the message during the run; increase or omit it`,
      );
    }
    const source = new SubscriptionQueue(this, "Subscription", {
      ...props,
      checked,
      consumer: "function",
      visibilityTimeout,
    });
    this.queue = source.queue;
    checkEnvironment(bus.busName, source.settings, props.environment ?? {});
    const settings = stageSettings(bus.stage);
    this.function = new WaggleFunction(this, "Function", {
      entry: props.entry ?? entryOf(props.folder, bus.busName, name, props.catalog),
      description: `Subscriber ${name} of bus ${bus.busName}`,
      timeout,
      environment: {
        ...props.environment,
        [functionVariables.bus]: bus.configFor(this),
        [functionVariables.subscription]: source.deployed,
      },
      ...(props.memorySize === undefined ? {} : { memorySize: props.memorySize }),
      logRetention: settings.logRetention,
      removalPolicy: settings.removalPolicy,
    });
    this.grantPrincipal = this.function.grantPrincipal;
    new BusGrants(this, bus.busName, bus.encryptionKey).subscribe(this.function, [source.queueName]);
    const { batchSize, functions } = concurrencyOf(this.record, props.batchSize);
    const mapping = new EventSourceMapping(this, "Source", {
      target: this.function,
      eventSourceArn: this.queue.queueArn,
      batchSize,
      maxConcurrency: functions,
      reportBatchItemFailures: true,
    });
    mapping.node.addDependency(this.function.role ?? this.function);
    if (props.alarms !== false) functionAlarm(this, bus.busName, name, this.function.functionName);
  }
}

function functionTimeout({ name, timeout }: SubscriptionRecord): Duration {
  const functionMs = timeout + marginMs;
  if (functionMs > maxFunctionMs) {
    throw subscriptionError(
      name,
      `timeout must be at most ${formatDuration(maxFunctionMs - marginMs)}, not ${formatDuration(timeout)}: a Lambda function runs for at most 15 minutes, ${formatDuration(marginMs)} of which Waggle needs; reduce it, or handle the subscription in a process with QueueSubscriber`,
    );
  }
  return Duration.seconds(Math.ceil(functionMs / 1_000));
}

function concurrencyOf({ name, concurrency }: SubscriptionRecord, batchSize: number | undefined): LambdaConcurrency {
  if (batchSize === undefined) return lambdaConcurrency(concurrency);
  const max = Math.min(10, Math.max(1, Math.floor(concurrency / 2)));
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > max) {
    throw subscriptionError(
      name,
      `batchSize must be an integer from 1 to ${max}, not ${batchSize}: at most 10, and at most half of the concurrency of ${concurrency}, because Lambda runs at least two functions`,
    );
  }
  return concurrency === 1 ? lambdaConcurrency(1) : { batchSize, functions: Math.floor(concurrency / batchSize) };
}

function entryOf(folder: string, bus: string, name: string, catalog: string | undefined): string {
  return writeEntry({
    name: `${bus}/${name}`,
    from: folder,
    factory: "defineHandler",
    imports: [
      { path: join(folder, "subscription"), as: "subscription" },
      { path: join(folder, "handler"), as: "handle" },
      ...(catalog === undefined ? [] : [{ path: catalog, as: "catalog" }]),
    ],
    expression: `defineHandler(subscription, handle${catalog === undefined ? "" : ", { catalog }"})`,
  });
}
