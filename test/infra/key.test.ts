import { Stack } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { Key } from "aws-cdk-lib/aws-kms";
import { expect, test } from "vitest";
import { AgentEventBus } from "../../lib/cdk/index.ts";
import { aBus, allowed, anApp } from "./synthesis.ts";

test("a bus can encrypt with a customer-managed key", () => {
  const encrypted = aBus({ encryptionKey: true }).template();
  encrypted.hasResourceProperties("AWS::KMS::Key", { EnableKeyRotation: true });
  for (const queue of Object.values(encrypted.findResources("AWS::SQS::Queue"))) {
    expect(queue.Properties.KmsMasterKeyId).toBeDefined();
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
