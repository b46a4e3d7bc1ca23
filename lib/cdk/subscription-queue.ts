import { Duration, Stack } from "aws-cdk-lib";
import type { CfnRule } from "aws-cdk-lib/aws-events";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import { Construct } from "constructs";
import { type DeployedSubscription, parameterNames, resourceNames } from "../aws-shared/index.ts";
import { formatDuration } from "../event/duration.ts";
import type { SubscriptionRecord } from "../subscription/index.ts";
import { BusArns } from "./arns.ts";
import { allowRule, busQueue } from "./bus-queue.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import { busRule } from "./bus-rule.ts";
import { checkParameter } from "./check-size.ts";
import { type CheckedSubscription, messageGroup, refusal } from "./check-subscription.ts";
import { drainedQueue } from "./drained-queue.ts";
import { failureAlarms, type SubscriptionAlarms, waitingAlarm } from "./subscription-alarms.ts";

/** How a rule tries to reach its queue before the event goes to the dead letters. */
export interface RuleRetries {
  /** 1 minute to 24 hours. Default 24 hours. */
  readonly maxAge?: Duration;
  /** 0 to 185. Default 185. */
  readonly attempts?: number;
}

/** What {@link Subscriber} and {@link QueueSubscriber} share of their props. */
export interface SubscriptionOptions {
  /** The bus: an AgentEventBus, or `AgentEventBus.fromBusName(...)`. */
  readonly bus: IAgentEventBus;
  readonly ruleRetries?: RuleRetries;
  /** False: none. */
  readonly alarms?: false | SubscriptionAlarms;
}

interface SubscriptionQueueProps extends SubscriptionOptions {
  readonly checked: CheckedSubscription;
  readonly consumer: DeployedSubscription["consumer"];
  readonly visibilityTimeout: Duration;
}

/** SQS gives up a message only as a safety net: the deliveries table counts the attempts, and throttles count here too. */
function maxReceiveCount({ attempts, concurrency, ordered }: SubscriptionRecord): number {
  // A message that has to wait for another's lock is received again and again.
  if (ordered !== undefined || concurrency === 1) return 1_000;
  return Math.min(Math.max(attempts * 10, 100), 1_000);
}

/**
 * A rule, the queue it feeds, and both ways to fail: what the rule cannot bring to the queue, and what the queue gives up,
 * go to dead-letter queues that `record-dead-letter` of the bus drains into history.
 */
export class SubscriptionQueue extends Construct {
  readonly record: SubscriptionRecord;
  readonly queue: Queue;
  readonly queueName: string;
  readonly rule: CfnRule;
  readonly fifo: boolean;
  /** What is deployed, but for what is known only then. */
  readonly settings: Omit<DeployedSubscription, "queueUrl">;
  /** The same text as in the parameter, for the function that consumes the queue. */
  readonly deployed: string;
  readonly #bus: IAgentEventBus;

  constructor(scope: Construct, id: string, props: SubscriptionQueueProps) {
    super(scope, id);
    const { bus, checked } = props;
    const { record } = checked;
    this.#bus = bus;
    this.record = record;
    this.fifo = record.ordered !== undefined;

    const common = { bus, subscription: record.name };
    // What has one name is one construct, whether `ordered` or not: CloudFormation makes the new before it removes the old.
    const undelivered = drainedQueue(this, "DeadLetters", { ...common, fifo: false });
    // A rule takes a standard queue only, and a FIFO queue one of its own kind.
    const received = this.fifo ? drainedQueue(this, "FifoDeadLetters", { ...common, fifo: true }) : undelivered;
    this.queueName = resourceNames.queue(bus.busName, record.name, this.fifo);
    this.queue = busQueue(this, "Queue", {
      queueName: this.queueName,
      fifo: this.fifo,
      encryptionKey: bus.encryptionKey,
      visibilityTimeout: props.visibilityTimeout,
      deadLetters: { queue: received, maxReceiveCount: maxReceiveCount(record) },
    });
    this.rule = this.#rule(checked, undelivered, props.ruleRetries ?? {});
    this.settings = { schema: 1, record, fifo: this.fifo, consumer: props.consumer };
    checkParameter(bus.busName, this.settings);
    this.deployed = Stack.of(this).toJsonString({
      ...this.settings,
      queueUrl: this.queue.queueUrl,
    } satisfies DeployedSubscription);
    new StringParameter(this, "Parameter", {
      parameterName: parameterNames.subscription(bus.busName, record.name),
      description: `Subscription ${record.name} of bus ${bus.busName}, as deployed`,
      stringValue: this.deployed,
    });
    if (props.alarms !== false) {
      const limit = props.alarms?.oldestMessage;
      waitingAlarm(this, bus.busName, record.name, { queueName: this.queueName, limit });
      failureAlarms(this, bus.busName, record.name, this.fifo);
    }
    if (bus.made !== undefined) this.node.addDependency(bus.made);
  }

  #rule(checked: CheckedSubscription, undelivered: Queue, retries: RuleRetries): CfnRule {
    const { name, ordered } = this.record;
    const ruleArn = new BusArns(this, this.#bus.busName).rule(name);
    for (const queue of new Set([this.queue, undelivered])) allowRule(queue, ruleArn);
    return busRule(this, {
      bus: this.#bus,
      checked,
      description: `Subscription ${name}`,
      target: {
        id: "queue",
        arn: this.queue.queueArn,
        deadLetterConfig: { arn: undelivered.queueArn },
        retryPolicy: retryPolicy(name, retries),
        ...(ordered === undefined ? {} : { sqsParameters: { messageGroupId: messageGroup(ordered) } }),
      },
    });
  }
}

/** As EventBridge takes it. `invalid_config` where it would not. */
function retryPolicy(name: string, { maxAge = Duration.hours(24), attempts = 185 }: RuleRetries) {
  const maximumEventAgeInSeconds = maxAge.toSeconds({ integral: false });
  if (!isWithin(maximumEventAgeInSeconds, 60, 86_400)) {
    throw refusal(name, `ruleRetries.maxAge is ${formatDuration(maxAge.toMilliseconds())}; give 1m to 24h, in seconds`);
  }
  if (!isWithin(attempts, 0, 185)) throw refusal(name, `ruleRetries.attempts is ${attempts}; give 0 to 185`);
  return { maximumEventAgeInSeconds, maximumRetryAttempts: attempts };
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
