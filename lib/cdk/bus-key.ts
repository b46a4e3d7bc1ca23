import { type RemovalPolicy, Stack } from "aws-cdk-lib";
import { PolicyStatement, type PolicyStatementProps, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type IKey, Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { BusArns } from "./arns.ts";

/** Properties of the key of a bus. */
export interface BusKeyProps {
  readonly busName: string;
  /** `true` creates a key. */
  readonly key: true | IKey;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * Returns the key of a bus and allows the AWS services to use it. The policy of an imported key cannot be changed here: its
 * owner must allow them, as described in docs/aws/iam.md.
 */
export function busKey(scope: Construct, { busName, key: given, removalPolicy }: BusKeyProps): IKey {
  const key =
    given === true
      ? new Key(scope, "Key", { description: `Data of bus ${busName}`, enableKeyRotation: true, removalPolicy })
      : given;
  for (const statement of serviceStatements(scope, busName)) key.addToResourcePolicy(new PolicyStatement(statement));
  return key;
}

function serviceStatements(scope: Construct, busName: string): PolicyStatementProps[] {
  const resources = ["*"];
  const events = [new ServicePrincipal("events.amazonaws.com")];
  return [
    {
      // This covers the bus, its archive and the queues that rules write to. AWS requires it without a condition: EventBridge
      // does not always pass an account or a rule to KMS. The policies of the queues name the rules.
      principals: events,
      actions: ["kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey"],
      resources,
    },
    {
      principals: events,
      actions: ["kms:ReEncrypt*"],
      resources,
      conditions: {
        StringEquals: { "kms:EncryptionContext:aws:events:event-bus:arn": new BusArns(scope, busName).bus },
      },
    },
    {
      // Alarms publish to an encrypted topic.
      principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["kms:Decrypt", "kms:GenerateDataKey*"],
      resources,
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
    },
  ];
}
