import { setTimeout as delay } from "node:timers/promises";
import { DeleteQueueCommand } from "@aws-sdk/client-sqs";
import type { Limit } from "./limit.ts";
import { RuleProbe } from "./rules.ts";

/** What no emulator does. */
export const limitsOfBoth: readonly Limit[] = [
  {
    title: "what a rule cannot bring to its target goes to the target's dead-letter queue",
    instead: "asserted on the template, and record-dead-letter is fed by hand with a message in the documented shape",
    works: (clients) =>
      RuleProbe.use(clients, async (probe) => {
        const [gone, deadLetters] = [await probe.queue("gone"), await probe.queue("dead")];
        const target = { Arn: gone.arn, DeadLetterConfig: { Arn: deadLetters.arn } };
        await probe.route({ ...target, RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } });
        await clients.sqs.send(new DeleteQueueCommand({ QueueUrl: gone.url }));
        await probe.put();
        await delay(500);
        return (await probe.receive(deadLetters)) !== undefined;
      }),
  },
  {
    title: "a rule reads the message group from a path of the event",
    instead:
      "the consumer moves messages to the groups of their keys, where a rule was told to read them as where it was not",
    works: (clients) =>
      RuleProbe.use(clients, async (probe) => {
        const queue = await probe.queue("fifo", { FifoQueue: "true", ContentBasedDeduplication: "true" });
        await probe.route({ Arn: queue.arn, SqsParameters: { MessageGroupId: "$.detail.key" } });
        await probe.put({ Detail: JSON.stringify({ key: "one" }) });
        const message = await probe.receive(queue);
        return message?.Attributes?.MessageGroupId === "one";
      }),
  },
];
