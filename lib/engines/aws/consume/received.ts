import type { Message } from "@aws-sdk/client-sqs";
import { messageAttributes } from "../../../aws-shared/index.ts";
import type { QueueMessage } from "../dependencies.ts";

/** A message that this process has received, and by what SQS knows it here. */
export interface Received {
  readonly message: QueueMessage;
  readonly receipt: string;
  /** Of a FIFO queue: its messages come one after the other. */
  readonly group: string | undefined;
}

/** What a receive has to ask for, so that {@link readReceived} finds it. */
export const askedAttributes = {
  MessageSystemAttributeNames: ["SentTimestamp", "MessageGroupId"],
  MessageAttributeNames: Object.values(messageAttributes),
} as const;

/** Reads what SQS gave. `now` stands in where it does not say when the message was sent. */
export function readReceived(given: Message, now: number): Received | undefined {
  const { Attributes, Body, MessageAttributes, ReceiptHandle } = given;
  if (ReceiptHandle === undefined) return undefined;
  const sent = Number(Attributes?.SentTimestamp);
  const replayId = MessageAttributes?.[messageAttributes.replay]?.StringValue;
  const redrivenFrom = MessageAttributes?.[messageAttributes.redriven]?.StringValue;
  return {
    receipt: ReceiptHandle,
    group: Attributes?.MessageGroupId,
    message: {
      body: Body ?? "",
      sentMs: Number.isFinite(sent) ? sent : now,
      ...(replayId === undefined ? {} : { replayId }),
      ...(redrivenFrom === undefined ? {} : { redrivenFrom }),
    },
  };
}
