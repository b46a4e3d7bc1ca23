import { type RemovalPolicy, Stack } from "aws-cdk-lib";
import { PolicyStatement, type PolicyStatementProps, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type IKey, Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { BusArns } from "./arns.ts";

/** Of the key of a bus. */
export interface BusKeyProps {
  readonly busName: string;
  /** `true` makes one. */
  readonly key: true | IKey;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * The key of a bus, which the services that use it may use. To a key that is only imported here nothing can be added: its
 * owner has to let them, as docs/aws/iam.md says.
 */
export function busKey(scope: Construct, { busName, key: given, removalPolicy }: BusKeyProps): IKey {
  const key =
    given === true
      ? new Key(scope, "Key", { description: `What bus ${busName} keeps`, enableKeyRotation: true, removalPolicy })
      : given;
  for (const statement of serviceStatements(scope, busName)) key.addToResourcePolicy(new PolicyStatement(statement));
  return key;
}

function serviceStatements(scope: Construct, busName: string): PolicyStatementProps[] {
  const resources = ["*"];
  const events = [new ServicePrincipal("events.amazonaws.com")];
  return [
    {
      // For the bus, its archive and the queues that rules write to. AWS asks for it without a condition: on the way to what is
      // encrypted EventBridge need not tell KMS an account or a rule. The queues' own policies name the rules.
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
      // Alarms ring by an encrypted topic.
      principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["kms:Decrypt", "kms:GenerateDataKey*"],
      resources,
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
    },
  ];
}
