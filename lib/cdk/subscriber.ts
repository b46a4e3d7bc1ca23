import { join } from "node:path";
import { Duration } from "aws-cdk-lib";
import type { IGrantable, IPrincipal } from "aws-cdk-lib/aws-iam";
import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { functionVariables } from "../aws-shared/index.ts";
import { formatDuration } from "../event/duration.ts";
import type { Subscription, SubscriptionRecord } from "../subscription/index.ts";
import { checkEnvironment } from "./check-size.ts";
import { checkSubscription, refusal } from "./check-subscription.ts";
import { type Spread, spread } from "./concurrency.ts";
import { writeEntry } from "./entry.ts";
import { BusGrants } from "./grants.ts";
import { stageSettings } from "./stage.ts";
import { functionAlarm } from "./subscription-alarms.ts";
import { type SubscriptionOptions, SubscriptionQueue } from "./subscription-queue.ts";
import { WaggleFunction } from "./waggle-function.ts";

/** Where the code of a subscriber is. */
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

/** Of a {@link Subscriber}. */
export type SubscriberProps = SubscriptionOptions &
  SubscriberCode & {
    /** The same data that the code has. */
    readonly subscription: Subscription | SubscriptionRecord;
    /** A module whose default export is the catalog. Default: the standard catalog. With `entry` it has no effect. */
    readonly catalog?: string;
    /** Messages that one call gets, and runs at once: 1 to 10, and at most half of `concurrency`. Default: what costs least. */
    readonly batchSize?: number;
    /** MB. Default 512. */
    readonly memorySize?: number;
    readonly environment?: Readonly<Record<string, string>>;
    /** For which a message is hidden while a function has it. Default and least that AWS advises: 6 times its timeout. */
    readonly visibilityTimeout?: Duration;
  };

/** For claiming before the run and settling after it. */
const marginMs = 10_000;
const longestMs = 15 * 60_000;

/**
 * A subscription and the Lambda function that handles it. Everything follows from the subscription's own data; what a
 * deployment would refuse is an error here, and names the subscription: `invalid_config`, `invalid_pattern`, `conflict`.
 */
export class Subscriber extends Construct implements IGrantable {
  /** With every default filled in. */
  readonly record: SubscriptionRecord;
  readonly queue: Queue;
  readonly function: WaggleFunction;
  readonly grantPrincipal: IPrincipal;

  constructor(scope: Construct, id: string, props: SubscriberProps) {
    super(scope, id);
    const { bus } = props;
    const checked = checkSubscription(props.subscription);
    this.record = checked.record;
    const { name } = this.record;
    checkLimits(this.record);
    const timeout = functionTimeout(this.record);
    const visibilityTimeout = props.visibilityTimeout ?? Duration.seconds(timeout.toSeconds() * 6);
    if (visibilityTimeout.toSeconds() < timeout.toSeconds()) {
      throw refusal(
        name,
        `its function may run for ${formatDuration(timeout.toMilliseconds())}, and visibilityTimeout is ${formatDuration(visibilityTimeout.toMilliseconds())}: another function would get the message meanwhile; leave it out, or give more`,
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
    const { batchSize, functions } = spreadOf(this.record, props.batchSize);
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

/** A function runs in as many processes as there is work for, each of which would begin with limits of its own. */
function checkLimits({ name, concurrencyPerKey, throttle }: SubscriptionRecord): void {
  const limit = throttle !== undefined ? "throttle" : concurrencyPerKey !== undefined ? "concurrencyPerKey" : undefined;
  if (limit === undefined) return;
  throw refusal(
    name,
    `${limit} is held by each process, which a function has none of its own; leave it out, or handle it in a process: QueueSubscriber`,
  );
}

function functionTimeout({ name, timeout }: SubscriptionRecord): Duration {
  const wanted = timeout + marginMs;
  if (wanted > longestMs) {
    throw refusal(
      name,
      `timeout is ${formatDuration(timeout)}, and a Lambda function ends after 15 minutes, ${formatDuration(marginMs)} of which Waggle needs; give at most ${formatDuration(longestMs - marginMs)}, or handle it in a process: QueueSubscriber`,
    );
  }
  return Duration.seconds(Math.ceil(wanted / 1_000));
}

function spreadOf({ name, concurrency }: SubscriptionRecord, batchSize: number | undefined): Spread {
  if (batchSize === undefined) return spread(concurrency);
  const most = Math.min(10, Math.max(1, Math.floor(concurrency / 2)));
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > most) {
    throw refusal(
      name,
      `batchSize is ${batchSize}; give 1 to ${most}: 10 at most, and half of its concurrency of ${concurrency}, as Lambda runs two side by side at least`,
    );
  }
  return concurrency === 1 ? spread(1) : { batchSize, functions: Math.floor(concurrency / batchSize) };
}

function entryOf(folder: string, bus: string, name: string, catalog: string | undefined): string {
  return writeEntry({
    name: `${bus}/${name}`,
    from: folder,
    uses: "defineHandler",
    imports: [
      { path: join(folder, "subscription"), as: "subscription" },
      { path: join(folder, "handler"), as: "handle" },
      ...(catalog === undefined ? [] : [{ path: catalog, as: "catalog" }]),
    ],
    make: `defineHandler(subscription, handle${catalog === undefined ? "" : ", { catalog }"})`,
  });
}
