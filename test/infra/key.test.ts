import { Stack } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { Key } from "aws-cdk-lib/aws-kms";
import { expect, test } from "vitest";
import { AgentEventBus, MonitoringStack } from "../../lib/cdk/index.ts";
import { aBus, allowed, anApp, only } from "./synthesis.ts";

test("a bus can encrypt with a customer-managed key", () => {
  const encrypted = aBus({ encryptionKey: true }).template();
  encrypted.hasResourceProperties("AWS::KMS::Key", { EnableKeyRotation: true });
  for (const { Properties } of Object.values(encrypted.findResources("AWS::SQS::Queue"))) {
    // That of the bus takes what fails when the key does.
    const ofBus = Properties.QueueName === "agents-bus-dlq";
    expect(Properties.KmsMasterKeyId !== undefined, Properties.QueueName).toBe(!ofBus);
    if (ofBus) expect(Properties.SqsManagedSseEnabled).toBe(true);
  }
  for (const table of Object.values(encrypted.findResources("AWS::DynamoDB::Table"))) {
    expect(table.Properties.SSESpecification).toMatchObject({ SSEEnabled: true, SSEType: "KMS" });
  }
  expect(allowed(encrypted, "kms:Decrypt").length).toBeGreaterThan(0);
});

test("a bus allows EventBridge and CloudWatch to use its key, whether it creates the key or receives it", () => {
  const app = anApp();
  const stack = new Stack(app, "bus");
  const given = new Key(stack, "Given");
  new AgentEventBus(stack, "Bus", { busName: "agents", encryptionKey: given });
  for (const template of [aBus({ encryptionKey: true }).template(), Template.fromStack(stack)]) {
    template.hasResourceProperties("AWS::KMS::Key", {
      KeyPolicy: Match.objectLike({
        Statement: [
          Match.objectLike({ Action: "kms:*" }),
          {
            Effect: "Allow",
            Principal: { Service: "events.amazonaws.com" },
            Action: ["kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey"],
            Resource: "*",
            Condition: Match.absent(),
          },
          {
            Effect: "Allow",
            Principal: { Service: "events.amazonaws.com" },
            Action: "kms:ReEncrypt*",
            Resource: "*",
            Condition: { StringEquals: { "kms:EncryptionContext:aws:events:event-bus:arn": Match.anyValue() } },
          },
          {
            Effect: "Allow",
            Principal: { Service: "cloudwatch.amazonaws.com" },
            Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
            Resource: "*",
            Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
          },
        ],
      }),
    });
  }
});

test("a bus with a key has a dead-letter queue that the key does not encrypt, drained, and open to the bus alone", () => {
  const template = aBus({ encryptionKey: true }).template();
  const [queue] = only(template, "AWS::SQS::Queue", /^BusDeadLetters/);
  const arn = { "Fn::GetAtt": [queue, "Arn"] };
  template.hasResourceProperties("AWS::Events::EventBus", { DeadLetterConfig: { Arn: arn } });
  template.hasResourceProperties("AWS::Lambda::EventSourceMapping", { EventSourceArn: arn });
  const [, policy] = only(template, "AWS::SQS::QueuePolicy", /^BusDeadLetters/);
  const [, allow] = policy.Properties.PolicyDocument.Statement;
  expect(allow).toMatchObject({
    Effect: "Allow",
    Action: "sqs:SendMessage",
    Principal: { Service: "events.amazonaws.com" },
  });
  expect(JSON.stringify(allow.Condition.ArnEquals["aws:SourceArn"])).toContain(":event-bus/agents");
  aBus().template().hasResourceProperties("AWS::Events::EventBus", { DeadLetterConfig: Match.absent() });
});

test.each([
  [true, 1],
  [false, 0],
])("with a key (%s) an alarm tells of the bus's own dead letters", (encryptionKey, count) => {
  const { app, bus } = aBus(encryptionKey ? { encryptionKey } : {});
  const template = Template.fromStack(new MonitoringStack(app, "monitoring", { bus }));
  const sent = { AlarmName: "agents-bus-dead-letters", MetricName: "NumberOfMessagesSent", Threshold: 0 };
  template.resourcePropertiesCountIs("AWS::CloudWatch::Alarm", sent, count);
  const stuck = { AlarmName: "agents-bus-dead-letters-stuck" };
  template.resourcePropertiesCountIs("AWS::CloudWatch::Alarm", stuck, count);
});
