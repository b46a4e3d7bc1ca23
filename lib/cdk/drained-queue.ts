import { CfnEventSourceMapping } from "aws-cdk-lib/aws-lambda";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { resourceNames } from "../aws-shared/index.ts";
import { busQueue, drainConcurrency, drainVisibility } from "./bus-queue.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import { acknowledge } from "./nag.ts";

/** Properties of a dead-letter queue of a subscription. */
export interface DrainedQueueProps {
  readonly bus: IAgentEventBus;
  readonly subscription: string;
  readonly fifo: boolean;
  readonly retain?: boolean;
}

/**
 * Creates a dead-letter queue of a subscription. The function `record-dead-letter` of the bus, referenced by its name, drains
 * it into history.
 */
export function drainedQueue(
  scope: Construct,
  id: string,
  { bus, subscription, fifo, retain = false }: DrainedQueueProps,
): Queue {
  const queue = busQueue(scope, id, {
    queueName: resourceNames.deadLetterQueue(bus.busName, subscription, fifo),
    fifo,
    encryptionKey: bus.encryptionKey,
    visibilityTimeout: drainVisibility,
    retain,
  });
  acknowledge(queue, "The queue is itself a dead-letter queue.", "AwsSolutions-SQS3");
  new CfnEventSourceMapping(scope, `${id}Drain`, {
    functionName: resourceNames.recordDeadLetterFunction(bus.busName),
    eventSourceArn: queue.queueArn,
    batchSize: 10,
    scalingConfig: { maximumConcurrency: drainConcurrency },
    functionResponseTypes: ["ReportBatchItemFailures"],
  });
  return queue;
}
