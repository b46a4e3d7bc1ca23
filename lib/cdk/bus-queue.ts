import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { DeduplicationScope, FifoThroughputLimit, type IQueue, Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { queueRetentionMs } from "./check-subscription.ts";

/** The time limit of `record-dead-letter` for a batch, and six times that for its queues, as AWS recommends. */
export const drainTimeout = Duration.minutes(1);
export const drainVisibility = Duration.minutes(6);

/**
 * Functions that drain one dead-letter queue at the same time: the fewest that Lambda allows. Dead letters come in floods when
 * something else is down, and must not take the account's concurrency from the subscribers.
 */
export const drainConcurrency = 2;

/** Properties of a queue of a bus. */
export interface BusQueueProps {
  readonly queueName: string;
  readonly fifo?: boolean;
  readonly encryptionKey: IKey | undefined;
  readonly visibilityTimeout: Duration;
  /** Keeps the queue, with its messages, when it is removed from its stack. */
  readonly retain?: boolean;
  /** The queue for messages that were received `maxReceiveCount` times. Absent for a dead-letter queue. */
  readonly deadLetters?: { readonly queue: IQueue; readonly maxReceiveCount: number };
}

/** Creates a queue that keeps messages for 14 days, encrypts them at rest, and accepts only TLS connections. */
export function busQueue(scope: Construct, id: string, props: BusQueueProps): Queue {
  const { queueName, encryptionKey, deadLetters, visibilityTimeout } = props;
  return new Queue(scope, id, {
    queueName,
    visibilityTimeout,
    retentionPeriod: Duration.millis(queueRetentionMs),
    receiveMessageWaitTime: Duration.seconds(20),
    enforceSSL: true,
    ...(encryptionKey === undefined
      ? { encryption: QueueEncryption.SQS_MANAGED }
      : { encryption: QueueEncryption.KMS, encryptionMasterKey: encryptionKey, dataKeyReuse: Duration.hours(1) }),
    ...(props.fifo === true
      ? {
          fifo: true,
          contentBasedDeduplication: true,
          deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
          fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
        }
      : {}),
    ...(deadLetters === undefined ? {} : { deadLetterQueue: deadLetters }),
    removalPolicy: props.retain === true ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
  });
}

/** Allows EventBridge to send to a queue, on behalf of a single rule or a single bus. */
export function allowEvents(queue: Queue, sourceArn: string): void {
  queue.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal("events.amazonaws.com")],
      actions: ["sqs:SendMessage"],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { "aws:SourceArn": sourceArn } },
    }),
  );
}
