import { randomUUID } from "node:crypto";
import { GetBucketTaggingCommand } from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { refusedType, whileDeployed } from "./cloudformation.ts";
import type { Limit } from "./limit.ts";
import { RuleProbe } from "./rules.ts";

/** What MiniStack 1.5.33 does not do. */
export const ministackLimits: readonly Limit[] = [
  refusedType("AWS::Events::Archive", "archive", {
    SourceArn: "arn:aws:events:us-east-1:000000000000:event-bus/default",
  }),
  refusedType("AWS::Events::EventBusPolicy", "bus-policy", {
    StatementId: "limit",
    Statement: {
      Effect: "Allow",
      Principal: "*",
      Action: "events:PutEvents",
      Resource: "arn:aws:events:us-east-1:000000000000:event-bus/default",
    },
  }),
  refusedType("AWS::CloudWatch::CompositeAlarm", "composite-alarm", { AlarmRule: "FALSE" }),
  refusedType(
    "AWS::CloudWatch::Alarm",
    "metric-math",
    {
      ComparisonOperator: "GreaterThanThreshold",
      EvaluationPeriods: 1,
      Threshold: 0,
      Metrics: [
        { Id: "sum", Expression: "one + 1" },
        {
          Id: "one",
          ReturnData: false,
          MetricStat: { Metric: { Namespace: "Limit", MetricName: "probed" }, Period: 60, Stat: "Sum" },
        },
      ],
    },
    "AWS::CloudWatch::Alarm on computed metrics",
  ),
  {
    title: "a bucket has the tags of its template",
    instead: "the bus's bucket, which empties itself only with its tag, is given it before its stack is destroyed",
    works: ({ s3 }) => {
      const Bucket = `limit-${randomUUID()}`;
      const Properties = { BucketName: Bucket, Tags: [{ Key: "limit", Value: "probed" }] };
      return whileDeployed({ Bucket: { Type: "AWS::S3::Bucket", Properties } }, () =>
        s3.send(new GetBucketTaggingCommand({ Bucket })).then(
          () => true,
          ({ name }) => {
            if (name === "NoSuchTagSet") return false;
            throw new Error(`what was asked for are its tags, and not ${name}`);
          },
        ),
      );
    },
  },
  {
    title: "an entry's Time is the event's time",
    instead: "detail.time is the event's time in any case",
    works: (clients) =>
      RuleProbe.use(clients, async (probe) => {
        const queue = await probe.queue("time");
        await probe.route({ Arn: queue.arn });
        await probe.put({ Time: new Date("2020-01-01T00:00:00Z") });
        const message = await probe.receive(queue);
        return JSON.parse(message?.Body ?? "{}").time === "2020-01-01T00:00:00Z";
      }),
  },
  {
    title: "a Detail that is no JSON is refused",
    instead: "the client sends none; the stub of the publisher's tests refuses entries",
    works: (clients) =>
      RuleProbe.use(clients, async (probe) => (await probe.put({ Detail: "no JSON" })).FailedEntryCount === 1),
  },
  {
    title: "messages of a dead-letter queue can be moved back by SQS",
    instead: "redrive reads dead letters from history",
    works: async ({ sqs }) => {
      const name = `limit-${randomUUID().slice(0, 8)}`;
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
      try {
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "one" }));
        const SourceArn = `arn:aws:sqs:us-east-1:000000000000:${name}`;
        return await sqs.send(new StartMessageMoveTaskCommand({ SourceArn })).then(
          () => true,
          () => false,
        );
      } finally {
        await sqs.send(new DeleteQueueCommand({ QueueUrl }));
      }
    },
  },
];
