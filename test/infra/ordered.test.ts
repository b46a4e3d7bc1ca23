import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { type MessageGrouping, QueueSubscriber } from "../../lib/cdk/index.ts";
import { allowed, aStackWithBus, aSubscriber, only, readers } from "./synthesis.ts";

test("an ordered subscription has a FIFO queue, and a dead-letter queue for each of rule and queue", () => {
  const { template } = aSubscriber({ ordered: "data.taskId" });
  template.hasResourceProperties("AWS::SQS::Queue", {
    QueueName: "agents-readers.fifo",
    FifoQueue: true,
    ContentBasedDeduplication: true,
    DeduplicationScope: "messageGroup",
    FifoThroughputLimit: "perMessageGroupId",
    RedrivePolicy: { maxReceiveCount: 1_000 },
  });
  template.hasResourceProperties("AWS::SQS::Queue", { QueueName: "agents-readers-dlq.fifo", FifoQueue: true });
  template.hasResourceProperties("AWS::SQS::Queue", { QueueName: "agents-readers-dlq", FifoQueue: Match.absent() });
  template.hasResourceProperties("AWS::Events::Rule", {
    Targets: [
      Match.objectLike({
        SqsParameters: { MessageGroupId: "waggle-shared" },
        DeadLetterConfig: { Arn: { "Fn::GetAtt": [Match.stringLikeRegexp("SubscriptionDeadLetters"), "Arn"] } },
      }),
    ],
  });
  const drained = Object.values(
    template.findResources("AWS::Lambda::EventSourceMapping", {
      Properties: { FunctionName: "agents-record-dead-letter" },
    }),
  );
  expect(drained).toHaveLength(2);
});

describe("the message groups of an ordered subscription", () => {
  const ordered = { ordered: "data.taskId" } as const;
  const groupOf = ({ template }: ReturnType<typeof aSubscriber>) =>
    only(template, "AWS::Events::Rule", /./)[1].Properties.Targets[0].SqsParameters?.MessageGroupId;
  const alarms = ({ template }: ReturnType<typeof aSubscriber>) =>
    Object.keys(
      template.findResources("AWS::CloudWatch::Alarm", { Properties: { AlarmName: "agents-readers-message-groups" } }),
    ).length;

  test("are formed by its function, which may send to its own queue", () => {
    const subscriber = aSubscriber(ordered);
    expect(groupOf(subscriber)).toBe("waggle-shared");
    expect(alarms(subscriber)).toBe(0);
    const sends = (settings: object) =>
      allowed(aSubscriber(settings).template, "sqs:SendMessage").map(({ resources }) => resources);
    expect(sends(ordered)).toEqual([
      expect.stringMatching(/:agents-unpublished"/),
      expect.stringMatching(/:agents-readers\.fifo"/),
    ]);
    expect(sends({})).toEqual([expect.stringMatching(/:agents-unpublished"/)]);
  });

  test.each([
    ["source", "$.source"],
    ["type", "$.detail-type"],
    ["data.taskId", "$.detail.data.taskId"],
    ["metadata.correlationId", "$.detail.metadata.correlationId"],
  ])("are formed by the rule on request: %s, and an alarm tells if they are not", (path, group) => {
    const subscriber = aSubscriber({ ordered: path }, { messageGroups: "rule" });
    expect(groupOf(subscriber)).toBe(group);
    subscriber.template.hasResourceProperties("AWS::CloudWatch::Alarm", {
      AlarmName: "agents-readers-message-groups",
      Namespace: "Waggle",
      MetricName: "PathGroups",
      Threshold: 0,
    });
  });

  test("are as the context says, unless the construct says otherwise", () => {
    const inContext = (messageGroups?: MessageGrouping) => {
      const { stack, bus, template } = aStackWithBus({ "message-groups": "rule" });
      const subscription = { ...readers, ...ordered };
      new QueueSubscriber(stack, "Readers", { bus, subscription, ...(messageGroups && { messageGroups }) });
      return only(template(), "AWS::Events::Rule", /./)[1].Properties.Targets[0].SqsParameters.MessageGroupId;
    };
    expect(inContext()).toBe("$.detail.data.taskId");
    expect(inContext("consumer")).toBe("waggle-shared");
  });

  test("are none without `ordered`, whatever the context says", () => {
    const subscriber = aSubscriber({}, { messageGroups: "rule" });
    expect(groupOf(subscriber)).toBeUndefined();
    expect(alarms(subscriber)).toBe(0);
  });
});

test("switching `ordered` keeps each physical name with its construct, as CloudFormation creates before it deletes", () => {
  const queues = (settings: object) =>
    Object.entries(aSubscriber(settings).template.findResources("AWS::SQS::Queue")).map(([id, { Properties }]) => ({
      id,
      name: String(Properties.QueueName),
    }));
  const before = queues({});
  const after = queues({ ordered: "data.taskId" }).filter(({ name }) => before.some((queue) => queue.name === name));
  expect(after).toEqual(before.filter(({ name }) => name === "agents-readers-dlq"));
});
