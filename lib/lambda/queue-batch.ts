import * as z from "zod";
import { messageAttributes } from "../aws-shared/index.ts";
import type { QueueMessage } from "../engines/aws/dependencies.ts";
import { BusError } from "../error/bus-error.ts";

const text = z.object({ stringValue: z.string().optional() });
const batch = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      receiptHandle: z.string(),
      body: z.string(),
      attributes: z.object({
        SentTimestamp: z.coerce.number(),
        ApproximateReceiveCount: z.coerce.number(),
        MessageGroupId: z.string().optional(),
      }),
      messageAttributes: z.record(z.string(), text).optional(),
      eventSourceARN: z.string(),
    }),
  ),
});

/** One message of a batch. */
export interface BatchMessage extends QueueMessage {
  readonly id: string;
  readonly receiptHandle: string;
  /** Of a FIFO queue. */
  readonly groupId: string | undefined;
  /** How often it was received, this time included. */
  readonly received: number;
  /** Of the queue that it comes from. */
  readonly queueArn: string;
  /** Of type String. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Reads what an event source mapping of SQS brings. `invalid_event` where it is something else. */
export function queueBatch(event: unknown): BatchMessage[] {
  const parsed = batch.safeParse(event);
  if (parsed.success) return parsed.data.Records.map(toMessage);
  throw new BusError(
    "invalid_event",
    "the function was not invoked with messages of a queue; invoke it by an event source mapping of SQS",
    { cause: parsed.error },
  );
}

function toMessage(record: z.infer<typeof batch>["Records"][number]): BatchMessage {
  const attributes: Record<string, string> = {};
  for (const [name, { stringValue }] of Object.entries(record.messageAttributes ?? {})) {
    if (stringValue !== undefined) attributes[name] = stringValue;
  }
  const { [messageAttributes.replay]: replayId, [messageAttributes.redriven]: redrivenFrom } = attributes;
  return {
    id: record.messageId,
    receiptHandle: record.receiptHandle,
    body: record.body,
    sentMs: record.attributes.SentTimestamp,
    received: record.attributes.ApproximateReceiveCount,
    groupId: record.attributes.MessageGroupId,
    queueArn: record.eventSourceARN,
    attributes,
    ...(replayId === undefined ? {} : { replayId }),
    ...(redrivenFrom === undefined ? {} : { redrivenFrom }),
  };
}
