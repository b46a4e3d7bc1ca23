import { Duration } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { DeduplicationScope, FifoThroughputLimit, type IQueue, Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { queueRetentionMs } from "./check-subscription.ts";

/** What `record-dead-letter` may take for a batch, and six times that, as AWS advises for its queues. */
export const drainTimeout = Duration.minutes(1);
export const drainVisibility = Duration.minutes(6);

/** A queue of a bus. */
export interface BusQueueProps {
  readonly queueName: string;
  readonly fifo?: boolean;
  readonly encryptionKey: IKey | undefined;
  readonly visibilityTimeout: Duration;
  /** Where messages go that were received that often; none for a dead-letter queue. */
  readonly deadLetters?: { readonly queue: IQueue; readonly maxReceiveCount: number };
}

/** A queue that keeps messages for 14 days, encrypted at rest, and takes them over TLS only. */
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

/** Lets one rule, and no other, send to a queue. */
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
