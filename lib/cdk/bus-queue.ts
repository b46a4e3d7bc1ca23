import { Duration } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { DeduplicationScope, FifoThroughputLimit, type IQueue, Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { queueRetentionMs } from "./check-subscription.ts";

/** The time limit of `record-dead-letter` for a batch, and six times that for its queues, as AWS recommends. */
export const drainTimeout = Duration.minutes(1);
export const drainVisibility = Duration.minutes(6);

/** Properties of a queue of a bus. */
export interface BusQueueProps {
  readonly queueName: string;
  readonly fifo?: boolean;
  readonly encryptionKey: IKey | undefined;
  readonly visibilityTimeout: Duration;
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
  });
}

/** Allows a single rule to send to a queue. */
export function allowRule(queue: Queue, ruleArn: string): void {
  queue.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal("events.amazonaws.com")],
      actions: ["sqs:SendMessage"],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { "aws:SourceArn": ruleArn } },
    }),
  );
}
