import { PurgeQueueCommand, PurgeQueueInProgress, type SQSClient } from "@aws-sdk/client-sqs";
import { depth, queueUrl, subscriptionNames, subscriptionQueue } from "./queues.ts";

/** Forgets what cases before have left in the queues: what they published and nobody consumed, and what failed. */
export async function clearQueues(sqs: SQSClient, bus: string): Promise<void> {
  await Promise.all(
    subscriptionNames.map(async (subscription) => {
      const name = subscriptionQueue(bus, subscription);
      if ((await depth(sqs, name)) === 0) return;
      try {
        await sqs.send(new PurgeQueueCommand({ QueueUrl: await queueUrl(sqs, name) }));
      } catch (thrown) {
        // AWS purges a queue once a minute; the purge under way takes this along.
        if (!(thrown instanceof PurgeQueueInProgress)) throw thrown;
      }
    }),
  );
}
