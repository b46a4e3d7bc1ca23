import { Duration } from "aws-cdk-lib";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { formatDuration } from "../event/duration.ts";
import type { Subscription, SubscriptionRecord } from "../subscription/index.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import { checkSubscription, refusal } from "./check-subscription.ts";
import { BusGrants } from "./grants.ts";
import { type SubscriptionOptions, SubscriptionQueue } from "./subscription-queue.ts";

/** Of a {@link QueueSubscriber}. */
export interface QueueSubscriberProps extends SubscriptionOptions {
  /** The same data that the process subscribes with. */
  readonly subscription: Subscription | SubscriptionRecord;
  /** For which a received message is hidden where nobody says otherwise: up to 12 hours. Default: the timeout and 30 s. */
  readonly visibilityTimeout?: Duration;
}

const longestVisibilityMs = 12 * 3_600_000;
const marginMs = 30_000;

/**
 * A subscription that a process of yours handles: `bus.subscribe(subscription, handler)` with `engine: "aws"` polls its
 * queue. Errors as of a Subscriber.
 */
export class QueueSubscriber extends Construct {
  /** With every default filled in. */
  readonly record: SubscriptionRecord;
  readonly queue: Queue;
  readonly #bus: IAgentEventBus;
  readonly #queueName: string;

  constructor(scope: Construct, id: string, props: QueueSubscriberProps) {
    super(scope, id);
    const checked = checkSubscription(props.subscription);
    this.record = checked.record;
    this.#bus = props.bus;
    const source = new SubscriptionQueue(this, "Subscription", {
      ...props,
      checked,
      consumer: "process",
      visibilityTimeout: visibility(this.record, props.visibilityTimeout),
    });
    this.queue = source.queue;
    this.#queueName = source.queueName;
  }

  /** Lets a process handle the subscription, and its handler publish and look things up. */
  grantConsume(to: IGrantable): void {
    new BusGrants(this, this.#bus.busName, this.#bus.encryptionKey).subscribe(to, [this.#queueName]);
  }
}

function visibility({ name, timeout }: SubscriptionRecord, given: Duration | undefined): Duration {
  const chosen = given?.toMilliseconds() ?? Math.min(timeout + marginMs, longestVisibilityMs);
  if (chosen < timeout) {
    throw refusal(
      name,
      `timeout is ${formatDuration(timeout)}, and visibilityTimeout is ${formatDuration(chosen)}: another process would get the message meanwhile; leave it out, or give more`,
    );
  }
  if (chosen > longestVisibilityMs) {
    throw refusal(
      name,
      `visibilityTimeout is ${formatDuration(chosen)}; SQS allows ${formatDuration(longestVisibilityMs)}`,
    );
  }
  return Duration.seconds(Math.ceil(chosen / 1_000));
}
