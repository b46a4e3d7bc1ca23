import { randomUUID } from "node:crypto";
import { PutRuleCommand } from "@aws-sdk/client-eventbridge";
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { refusedCustom, refusedType } from "./cloudformation.ts";
import type { Limit } from "./limit.ts";
import { RuleProbe } from "./rules.ts";

/** What LocalStack Community 4.14.0 does not do. */
export const localstackLimits: readonly Limit[] = [
  refusedType("AWS::Events::Archive", "archive", {
    SourceArn: "arn:aws:events:us-east-1:000000000000:event-bus/default",
  }),
  refusedType("AWS::CloudWatch::Dashboard", "dashboard", { DashboardBody: '{"widgets":[]}' }),
  refusedCustom("Custom::S3AutoDeleteObjects", "auto-delete"),
  {
    title: "of messages of one group that were fetched together, one that is hidden is not overtaken",
    instead: "the contract leaves out what needs it; it runs on MiniStack",
    works: async ({ sqs }) => {
      const QueueName = `limit-${randomUUID().slice(0, 8)}.fifo`;
      const Attributes = { FifoQueue: "true", ContentBasedDeduplication: "true" };
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
      try {
        for (const MessageBody of ["one", "two"]) {
          await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: "group" }));
        }
        const both = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 2 }));
        for (const [index, { ReceiptHandle }] of (both.Messages ?? []).entries()) {
          const VisibilityTimeout = index === 0 ? 20 : 0;
          await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));
        }
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 2 }));
        return Messages.length === 0;
      } finally {
        await sqs.send(new DeleteQueueCommand({ QueueUrl }));
      }
    },
  },
  {
    title: "an event above 256 KB is taken",
    instead: "what is too large for a row of the history table is tried on MiniStack",
    works: (clients) =>
      RuleProbe.use(clients, (probe) => {
        return probe.put({ Detail: JSON.stringify({ text: "x".repeat(300_000) }) }).then(
          () => true,
          (thrown: unknown) => {
            if (thrown instanceof Error && thrown.message.includes("Total size of the entries")) return false;
            throw thrown;
          },
        );
      }),
  },
  {
    title: "an invalid pattern is refused",
    instead: "patterns are checked at synth",
    works: (clients) =>
      RuleProbe.use(clients, async ({ name }) => {
        const EventPattern = JSON.stringify({ source: [{ wildcard: "a**b" }] });
        const put = new PutRuleCommand({ EventBusName: name, Name: "all", EventPattern });
        return clients.events.send(put).then(
          () => false,
          () => true,
        );
      }),
  },
];
