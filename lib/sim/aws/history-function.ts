import { DeleteMessageBatchCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { createDeadLetterTable } from "../../engines/aws/dead-letters/index.ts";
import type { AwsDependencies } from "../../engines/aws/dependencies.ts";
import { createHistoryTable } from "../../engines/aws/history/index.ts";
import { HistoryRecorder } from "../../lambda/history-recorder.ts";
import type { SimulatedProcess } from "../world/world.ts";

/** Milliseconds before the queue is asked again after that failed. */
const pauseMs = 1_000;

/** What the function `record-history` does in a deployment: records what the queue of history brings, for ever. */
export async function runHistoryFunction(
  dependencies: AwsDependencies,
  queueUrl: string,
  process: SimulatedProcess,
): Promise<void> {
  const { sqs } = dependencies.clients;
  const history = createHistoryTable(dependencies);
  const recorder = new HistoryRecorder(dependencies, history, createDeadLetterTable(dependencies));
  for (;;) {
    try {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 20,
          VisibilityTimeout: 30,
        }),
      );
      const batch = Messages.map(({ Attributes, Body = "", MessageId = "", ReceiptHandle = "" }) => ({
        id: MessageId,
        receiptHandle: ReceiptHandle,
        groupId: undefined,
        received: Number(Attributes?.ApproximateReceiveCount),
        queueArn: queueUrl,
        attributes: {},
        body: Body,
        sentMs: Number(Attributes?.SentTimestamp),
      }));
      if (batch.length === 0) continue;
      const { failed } = await recorder.record(batch);
      const Entries = batch.flatMap(({ id, receiptHandle }) =>
        failed.includes(id) ? [] : { Id: id, ReceiptHandle: receiptHandle },
      );
      if (Entries.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    } catch {
      await process.sleep(pauseMs);
    }
  }
}
