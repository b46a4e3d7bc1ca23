import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { resourceNames } from "../../../lib/aws-shared/index.ts";
import {
  isSubscriptionName,
  type SubscriptionName,
  subscriptionOf,
  subscriptions,
} from "../../../lib/engine/contract/subscriptions.ts";

const urls = new Map<string, Promise<string>>();

/** The names of all queues that the suite's subscriptions read from, by subscription. */
export function subscriptionQueue(bus: string, name: SubscriptionName): string {
  return resourceNames.queue(bus, name, subscriptionOf(name, 1).ordered !== undefined);
}

export const subscriptionNames: readonly SubscriptionName[] = Object.keys(subscriptions).filter(isSubscriptionName);

/** The address of a queue; the service is asked once. */
export function queueUrl(sqs: SQSClient, name: string): Promise<string> {
  let url = urls.get(name);
  if (url === undefined) {
    url = sqs.send(new GetQueueUrlCommand({ QueueName: name })).then(({ QueueUrl = "" }) => QueueUrl);
    urls.set(name, url);
  }
  return url;
}

/** How many messages a queue holds, in whatever state. */
export async function depth(sqs: SQSClient, name: string): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: await queueUrl(sqs, name),
      AttributeNames: [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
      ],
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}
