import { Duration, Stack } from "aws-cdk-lib";
import type { CfnRule } from "aws-cdk-lib/aws-events";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import { Construct } from "constructs";
import { type DeployedSubscription, parameterNames, resourceNames } from "../aws-shared/index.ts";
import { mustBe } from "../error/must-be.ts";
import { formatDuration } from "../event/duration.ts";
import type { SubscriptionRecord } from "../subscription/index.ts";
import { BusArns } from "./arns.ts";
import { allowEvents, busQueue } from "./bus-queue.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import { busRule } from "./bus-rule.ts";
import { checkParameter } from "./check-size.ts";
import { type CheckedSubscription, subscriptionError } from "./check-subscription.ts";
import { drainedQueue } from "./drained-queue.ts";
import { type MessageGrouping, messageGrouping, targetGroup } from "./message-groups.ts";
import { failureAlarms, pathGroupsAlarm, type SubscriptionAlarms, waitingAlarm } from "./subscription-alarms.ts";

/** How long a rule tries to reach its queue before it sends the event to the dead-letter queue. */
export interface RuleRetries {
  /** 1 minute to 24 hours. Default 24 hours. */
  readonly maxAge?: Duration;
  /** 0 to 185. Default 185. */
  readonly attempts?: number;
}

/** The common properties of {@link Subscriber} and {@link QueueSubscriber}. */
export interface SubscriptionOptions {
  /** An AgentEventBus, or the result of `AgentEventBus.fromBusName(...)`. */
  readonly bus: IAgentEventBus;
  /** How long and how often EventBridge retries to put an event into the queue. Default: EventBridge's own, 24 h and 185 times. */
  readonly ruleRetries?: RuleRetries;
  /**
   * Keeps the queue and its dead-letter queues, with their messages, when they are removed from their stack: before the
   * subscription moves to another stack, or switches `ordered`. See docs/aws/upgrade.md. Default false.
   */
  readonly retainQueues?: boolean;
  /** Who forms the message groups of an `ordered` subscription. Default: the context `message-groups`, or else `consumer`. */
  readonly messageGroups?: MessageGrouping;
  /** False: no alarms. */
  readonly alarms?: false | SubscriptionAlarms;
}

interface SubscriptionQueueProps extends SubscriptionOptions {
  readonly checked: CheckedSubscription;
  readonly consumer: DeployedSubscription["consumer"];
  readonly visibilityTimeout: Duration;
}

/** The redrive policy of SQS is only a safety net: the deliveries table counts attempts, and SQS also counts throttles. */
function maxReceiveCount(record: SubscriptionRecord): number {
  const { attempts, concurrency, concurrencyPerKey, ordered, throttle } = record;
  // A message that waits for the lock of another one, or for its turn under a limit, is received repeatedly.
  const waits = ordered !== undefined || concurrency === 1 || concurrencyPerKey !== undefined || throttle !== undefined;
  if (waits) return 1_000;
  // One with a `deliverAt` in 7 days is received 16 times before its first attempt.
  return Math.min(Math.max(attempts * 10, 100), 1_000);
}

/**
 * A rule, its queue and their dead-letter queues, for events that the rule cannot deliver and for messages that exceed the
 * receive count. The function `record-dead-letter` of the bus drains the dead-letter queues into history.
 */
export class SubscriptionQueue extends Construct {
  readonly record: SubscriptionRecord;
  readonly queue: Queue;
  readonly queueName: string;
  readonly rule: CfnRule;
  readonly fifo: boolean;
  /** The deployed subscription without the queue URL, which is known only at deployment. */
  readonly settings: Omit<DeployedSubscription, "queueUrl">;
  /** The value of the parameter, for the function that consumes the queue. */
  readonly deployed: string;
  readonly #bus: IAgentEventBus;

  constructor(scope: Construct, id: string, props: SubscriptionQueueProps) {
    super(scope, id);
    const { bus, checked } = props;
    const { record } = checked;
    this.#bus = bus;
    this.record = record;
    this.fifo = record.ordered !== undefined;

    const retain = props.retainQueues ?? false;
    const common = { bus, subscription: record.name, retain };
    // A physical name belongs to the same construct with and without `ordered`, because CloudFormation creates new resources
    // before it deletes old ones.
    const undelivered = drainedQueue(this, "DeadLetters", { ...common, fifo: false });
    // The dead-letter queue of a rule must be a standard queue, and that of a FIFO queue a FIFO queue.
    const received = this.fifo ? drainedQueue(this, "FifoDeadLetters", { ...common, fifo: true }) : undelivered;
    this.queueName = resourceNames.queue(bus.busName, record.name, this.fifo);
    this.queue = busQueue(this, "Queue", {
      queueName: this.queueName,
      fifo: this.fifo,
      encryptionKey: bus.encryptionKey,
      visibilityTimeout: props.visibilityTimeout,
      retain,
      deadLetters: { queue: received, maxReceiveCount: maxReceiveCount(record) },
    });
    const grouping = messageGrouping(this, props.messageGroups);
    const messageGroupId = targetGroup(record, grouping);
    this.rule = this.#rule(checked, { undelivered, messageGroupId, retries: props.ruleRetries ?? {} });
    this.settings = { schema: 1, record, fifo: this.fifo, consumer: props.consumer };
    checkParameter(bus.busName, this.settings);
    this.deployed = Stack.of(this).toJsonString({
      ...this.settings,
      queueUrl: this.queue.queueUrl,
    } satisfies DeployedSubscription);
    new StringParameter(this, "Parameter", {
      parameterName: parameterNames.subscription(bus.busName, record.name),
      description: `Deployed subscription ${record.name} of bus ${bus.busName}`,
      stringValue: this.deployed,
    });
    if (props.alarms !== false) {
      const limit = props.alarms?.oldestMessage;
      waitingAlarm(this, bus.busName, record.name, { queueName: this.queueName, limit });
      failureAlarms(this, bus.busName, record.name, this.fifo);
      if (this.fifo && grouping === "rule") pathGroupsAlarm(this, bus.busName, record.name);
    }
    if (bus.construct !== undefined) this.node.addDependency(bus.construct);
  }

  #rule(
    checked: CheckedSubscription,
    target: { undelivered: Queue; messageGroupId: string | undefined; retries: RuleRetries },
  ): CfnRule {
    const { name } = this.record;
    const { messageGroupId, retries, undelivered } = target;
    const ruleArn = new BusArns(this, this.#bus.busName).rule(name);
    for (const queue of new Set([this.queue, undelivered])) allowEvents(queue, ruleArn);
    return busRule(this, {
      bus: this.#bus,
      checked,
      description: `Subscription ${name}`,
      target: {
        id: "queue",
        arn: this.queue.queueArn,
        deadLetterConfig: { arn: undelivered.queueArn },
        retryPolicy: retryPolicy(name, retries),
        ...(messageGroupId === undefined ? {} : { sqsParameters: { messageGroupId } }),
      },
    });
  }
}

/** Returns a retry policy for EventBridge. Throws `invalid_config` for values that EventBridge would refuse. */
function retryPolicy(name: string, { maxAge = Duration.hours(24), attempts = 185 }: RuleRetries) {
  const maximumEventAgeInSeconds = maxAge.toSeconds({ integral: false });
  if (!isWithin(maximumEventAgeInSeconds, 60, 86_400)) {
    throw subscriptionError(
      name,
      `ruleRetries.maxAge must be whole seconds from 1m to 24h, not ${formatDuration(maxAge.toMilliseconds())}`,
    );
  }
  if (!isWithin(attempts, 0, 185)) {
    throw subscriptionError(name, `ruleRetries.attempts ${mustBe("an integer from 0 to 185", attempts)}`);
  }
  return { maximumEventAgeInSeconds, maximumRetryAttempts: attempts };
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
