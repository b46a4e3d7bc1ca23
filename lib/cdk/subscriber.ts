import { join } from "node:path";
import { CfnResource, Duration, Tags } from "aws-cdk-lib";
import type { IGrantable, IPrincipal } from "aws-cdk-lib/aws-iam";
import { CfnAlias, EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { functionLimitProblem, functionVariables, parameterNames } from "../aws-shared/index.ts";
import { formatDuration } from "../event/duration.ts";
import type { Subscription, SubscriptionRecord } from "../subscription/index.ts";
import { checkEnvironment } from "./check-size.ts";
import { checkSubscription, subscriptionError } from "./check-subscription.ts";
import { writeEntry } from "./entry.ts";
import { checkFunctionSettings, type FunctionSettings, functionSettings } from "./function-settings.ts";
import { BusGrants } from "./grants.ts";
import { stageSettings } from "./stage.ts";
import { type SubscriberSource, type SubscriberSourceSettings, subscriberSource } from "./subscriber-source.ts";
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

/** What you can set for each {@link Subscriber}: of its subscription, its queue and its function. */
export interface SubscriberSettings
  extends Omit<SubscriptionOptions, "bus">,
    SubscriberSourceSettings,
    FunctionSettings {
  /** How long a message is hidden while a function has it. Default, and the minimum that AWS recommends: 6 × its timeout. */
  readonly visibilityTimeout?: Duration;
  /** Tags of everything that belongs to the subscriber: at most 50. Default none. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Properties of a {@link Subscriber}. */
export type SubscriberProps = Pick<SubscriptionOptions, "bus"> &
  SubscriberSettings &
  SubscriberCode & {
    /** The same subscription that the code uses. */
    readonly subscription: Subscription | SubscriptionRecord;
    /** A module whose default export is the catalog. Default: the standard catalog. Has no effect with `entry`. */
    readonly catalog?: string;
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
    const source = subscriberSource(this.record, props);
    checkFunctionSettings(`subscription ${name}`, props, source.functions);
    const subscription = new SubscriptionQueue(this, "Subscription", {
      ...props,
      checked,
      consumer: "function",
      visibilityTimeout: visibility(name, timeout, source.windowSeconds, props.visibilityTimeout),
    });
    this.queue = subscription.queue;
    checkEnvironment(bus.busName, subscription.settings, props.environment ?? {});
    this.function = new WaggleFunction(this, "Function", {
      ...functionSettings(props),
      entry: props.entry ?? entryOf(props.folder, bus.busName, name, props.catalog),
      description: `Subscriber ${name} of bus ${bus.busName}`,
      timeout,
      environment: {
        ...props.environment,
        [functionVariables.bus]: bus.configFor(this),
        [functionVariables.subscription]: subscription.deployed,
      },
      stage: stageSettings(bus.stage),
      logParameter: parameterNames.subscriptionLog(bus.busName, name),
    });
    this.grantPrincipal = this.function.grantPrincipal;
    new BusGrants(this, bus.busName, bus.encryptionKey).subscribe(
      this.function,
      subscription.queueName,
      subscription.fifo,
    );
    this.#invoke(source);
    if (props.alarms !== false) functionAlarm(this, bus.busName, name, this.function.functionName);
    for (const [tag, value] of Object.entries(props.tags ?? {})) Tags.of(this).add(tag, value);
  }

  #invoke({ batchSize, functions, provisioned, windowSeconds }: SubscriberSource): void {
    const mapping = new EventSourceMapping(this, "Source", {
      target: this.function,
      eventSourceArn: this.queue.queueArn,
      batchSize,
      maxConcurrency: functions,
      reportBatchItemFailures: true,
      ...(windowSeconds === 0 ? {} : { maxBatchingWindow: Duration.seconds(windowSeconds) }),
    });
    mapping.node.addDependency(this.function.role ?? this.function);
    const resource = mapping.node.defaultChild;
    if (provisioned === undefined || !CfnResource.isCfnResource(resource)) return;
    // Functions are kept for a version, so the queue invokes an alias of the current one.
    const alias = new CfnAlias(this, "Live", {
      name: "live",
      functionName: this.function.functionName,
      functionVersion: this.function.currentVersion.version,
      provisionedConcurrencyConfig: { provisionedConcurrentExecutions: provisioned },
    });
    resource.addPropertyOverride("FunctionName", alias.ref);
  }
}

/** Messages are also hidden while they are collected for a batch. */
function visibility(name: string, timeout: Duration, windowSeconds: number, given: Duration | undefined): Duration {
  const shortest = timeout.toSeconds() + windowSeconds;
  const visibilityTimeout = given ?? Duration.seconds(timeout.toSeconds() * 6 + windowSeconds);
  if (visibilityTimeout.toSeconds() >= shortest) return visibilityTimeout;
  const collected = windowSeconds === 0 ? "" : ` and its batching window of ${windowSeconds} s`;
  throw subscriptionError(
    name,
    `visibilityTimeout must be at least the function's timeout of ${formatDuration(timeout.toMilliseconds())}${collected}, not ${formatDuration(visibilityTimeout.toMilliseconds())}, or another function would receive the message during the run; increase or omit it`,
  );
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
