import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { toBusErrorOfAws } from "../aws-error.ts";
import type { Clients } from "../dependencies.ts";

/** How many messages a queue has, as far as SQS knows: its numbers are approximate, and up to a minute old. */
export interface QueueDepths {
  readonly waiting: number;
  readonly delayed: number;
  /** Received and not deleted: what runs, and what waits for its next attempt. */
  readonly hidden: number;
}

/** Asks SQS. */
export async function queueDepths({ sqs }: Pick<Clients, "sqs">, queueUrl: string): Promise<QueueDepths> {
  try {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: [
          "ApproximateNumberOfMessages",
          "ApproximateNumberOfMessagesDelayed",
          "ApproximateNumberOfMessagesNotVisible",
        ],
      }),
    );
    return {
      waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
      delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
      hidden: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    };
  } catch (thrown) {
    throw toBusErrorOfAws(thrown, `queue ${queueUrl}`);
  }
}
