import { createHash } from "node:crypto";
import type { SendMessageBatchRequestEntry } from "@aws-sdk/client-sqs";
import { type DeployedSubscription, messageAttributes, toEnvelope } from "../../../aws-shared/index.ts";
import { BusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import { orderedKey } from "../../../subscription/index.ts";

/** Bytes of a message, and of all that one request sends. */
export const mostBytes = 1_048_576;

/** Characters that a message group may have. */
const groupName = /^[\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]{1,128}$/;

/** Why an event is queued again: a replay, a redrive, or the redrive of a replayed delivery. */
export interface QueueMark {
  readonly replayId?: string | undefined;
  /** The id of the dead letter. */
  readonly redrivenFrom?: string | undefined;
}

/** An entry without its id, and its bytes as SQS counts them. */
export interface QueueEntry {
  readonly entry: Omit<SendMessageBatchRequestEntry, "Id">;
  readonly bytes: number;
}

/** What is sent to bring an event to one subscription's queue. `event_too_large` where SQS would refuse it. */
export function toQueueEntry(event: Event, { fifo, record }: DeployedSubscription, mark: QueueMark): QueueEntry {
  const body = toEnvelope(event);
  const attributes = [
    { name: messageAttributes.replay, value: mark.replayId },
    { name: messageAttributes.redriven, value: mark.redrivenFrom },
  ].flatMap(({ name, value }) => (value === undefined ? [] : [{ name, value }]));
  const bytes = attributes.reduce(
    (sum, { name, value }) => sum + name.length + "String".length + Buffer.byteLength(value),
    Buffer.byteLength(body),
  );
  if (bytes > mostBytes) {
    throw new BusError(
      "event_too_large",
      `event ${event.id} (${event.type}) has ${bytes} bytes as a message, more than the ${mostBytes} that SQS takes`,
      { details: { bytes, limit: mostBytes, eventId: event.id } },
    );
  }
  return {
    bytes,
    entry: {
      MessageBody: body,
      MessageAttributes: Object.fromEntries(
        attributes.map(({ name, value }) => [name, { DataType: "String", StringValue: value }]),
      ),
      ...(fifo
        ? {
            MessageGroupId: groupOf(event, record.ordered),
            // Sent twice within five minutes, a FIFO queue keeps one.
            MessageDeduplicationId: digest([mark.replayId, mark.redrivenFrom, event.id, record.name]),
          }
        : {}),
    },
  };
}

/** The message group of an event's key. It may be any text: one that SQS would refuse as a name is named by its digest. */
export function groupOf(event: Event, ordered: string | undefined): string {
  const key = ordered === undefined ? event.id : orderedKey(ordered)(event);
  return groupName.test(key) ? key : digest([key]);
}

function digest(parts: readonly (string | undefined)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
