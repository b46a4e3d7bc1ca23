import { Duration } from "aws-cdk-lib";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { formatDuration } from "../event/duration.ts";
import type { Subscription, SubscriptionRecord } from "../subscription/index.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import { checkSubscription, subscriptionError } from "./check-subscription.ts";
import { BusGrants } from "./grants.ts";
import { type SubscriptionOptions, SubscriptionQueue } from "./subscription-queue.ts";

/** Properties of a {@link QueueSubscriber}. */
export interface QueueSubscriberProps extends SubscriptionOptions {
  /** The same subscription that the process uses. */
  readonly subscription: Subscription | SubscriptionRecord;
  /** How long a received message is hidden by default: up to 12 hours. Default: the timeout plus 30 s. */
  readonly visibilityTimeout?: Duration;
}

const maxVisibilityMs = 12 * 3_600_000;
const marginMs = 30_000;

/**
 * A subscription that your own process handles: `bus.subscribe(subscription, handler)` with `engine: "aws"` polls its queue.
 * Throws the same errors as a Subscriber.
 */
export class QueueSubscriber extends Construct {
  /** The subscription with all defaults applied. */
  readonly record: SubscriptionRecord;
  /** The queue from which the agents receive. */
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

  /** Allows a process to handle the subscription, and its handler to publish and to read history. */
  grantConsume(to: IGrantable): void {
    new BusGrants(this, this.#bus.busName, this.#bus.encryptionKey).subscribe(
      to,
      this.#queueName,
      this.record.ordered !== undefined,
    );
  }
}

function visibility({ name, timeout }: SubscriptionRecord, given: Duration | undefined): Duration {
  const visibilityMs = given?.toMilliseconds() ?? Math.min(timeout + marginMs, maxVisibilityMs);
  if (visibilityMs < timeout) {
    throw subscriptionError(
      name,
      `visibilityTimeout must be at least the timeout of ${formatDuration(timeout)}, not ${formatDuration(visibilityMs)}, or another process would receive the message during the run; increase or omit it`,
    );
  }
  if (visibilityMs > maxVisibilityMs) {
    throw subscriptionError(
      name,
      `visibilityTimeout must be at most ${formatDuration(maxVisibilityMs)}, not ${formatDuration(visibilityMs)}`,
    );
  }
  return Duration.seconds(Math.ceil(visibilityMs / 1_000));
}
