import { fileURLToPath } from "node:url";
import { Duration, Stack } from "aws-cdk-lib";
import { Match } from "aws-cdk-lib/assertions";
import { SecurityGroup, SubnetType } from "aws-cdk-lib/aws-ec2";
import { ManagedPolicy } from "aws-cdk-lib/aws-iam";
import { LayerVersion } from "aws-cdk-lib/aws-lambda";
import { describe, expect, test } from "vitest";
import { AgentEventBus, MonitoringStack, Subscriber, type SubscriberSettings } from "../../lib/cdk/index.ts";
import { allThatComesBefore, anApp, aStackWithBus, aVpc, only } from "./synthesis.ts";

const functions = fileURLToPath(new URL("../../functions", import.meta.url));
const folder = `${functions}/readers`;
const readers = { name: "readers", on: "task.assigned", concurrency: 20 } as const;

/** Synthesizes a subscriber with settings, which may need resources of its stack. */
function aSubscriber(settings: SubscriberSettings | ((stack: Stack) => SubscriberSettings), subscription: object = {}) {
  const { app, stack, bus, template } = aStackWithBus();
  new Subscriber(stack, "Readers", {
    ...(typeof settings === "function" ? settings(stack) : settings),
    bus,
    folder,
    subscription: { ...readers, ...subscription },
  });
  return { app, template: template() };
}

/** The subscriber's function and its role. */
const ofReaders = /^Readers/;

describe("a Subscriber takes", () => {
  test("none of them by default", () => {
    const { template } = aSubscriber({});
    const [, { Properties }] = only(template, "AWS::Lambda::Function", ofReaders);
    for (const name of ["ReservedConcurrentExecutions", "TracingConfig", "VpcConfig", "Layers"]) {
      expect(Properties).not.toHaveProperty(name);
    }
    expect(Properties).toMatchObject({ MemorySize: 512 });
    template.resourceCountIs("AWS::Lambda::Alias", 0);
    template.allResourcesProperties("AWS::IAM::Role", { PermissionsBoundary: Match.absent() });
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("SubscriptionQueue"), "Arn"] },
      MaximumBatchingWindowInSeconds: Match.absent(),
    });
  });

  test("tracing", () => {
    const { template } = aSubscriber({ tracing: true });
    template.hasResourceProperties("AWS::Lambda::Function", { TracingConfig: { Mode: "Active" } });
    template.hasResourceProperties("AWS::IAM::Policy", {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({ Action: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"] }),
        ]),
      }),
    });
  });

  test("a batching window, for which messages stay hidden longer, and batches above 10", () => {
    const { template } = aSubscriber({ batchingWindow: Duration.seconds(5), batchSize: 50 }, { concurrency: 100 });
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      BatchSize: 50,
      MaximumBatchingWindowInSeconds: 5,
      ScalingConfig: { MaximumConcurrency: 2 },
    });
    template.hasResourceProperties("AWS::SQS::Queue", { QueueName: "agents-readers", VisibilityTimeout: 40 * 6 + 5 });
  });

  test("reserved concurrency", () => {
    const { template } = aSubscriber({ reservedConcurrency: 2 });
    template.hasResourceProperties("AWS::Lambda::Function", { ReservedConcurrentExecutions: 2 });
  });

  test("provisioned concurrency, of the version that the queue invokes", () => {
    const { template } = aSubscriber({ provisionedConcurrency: 2 });
    const [alias, { Properties }] = only(template, "AWS::Lambda::Alias", ofReaders);
    expect(Properties).toMatchObject({
      Name: "live",
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 },
    });
    const [source, mapping] = only(template, "AWS::Lambda::EventSourceMapping", /^ReadersSource/);
    expect(mapping.Properties.FunctionName).toEqual({ Ref: alias });
    expect(allThatComesBefore(template, source)).toContain(only(template, "AWS::Lambda::Version", ofReaders)[0]);
    template.allResources("AWS::Lambda::Version", { DeletionPolicy: "Delete" });
  });

  test("a VPC, with a role that may attach the function to it", () => {
    const { template } = aSubscriber((stack) => ({
      vpc: aVpc(stack),
      vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      securityGroups: [SecurityGroup.fromSecurityGroupId(stack, "Group", "sg-0123456789abcdef0")],
    }));
    template.hasResourceProperties("AWS::Lambda::Function", {
      VpcConfig: { SubnetIds: ["subnet-0123456789abcdef0"], SecurityGroupIds: ["sg-0123456789abcdef0"] },
    });
    const [, role] = only(template, "AWS::IAM::Role", /^ReadersFunctionRole/);
    expect(JSON.stringify(role.Properties.Policies)).toContain("ec2:CreateNetworkInterface");
    expect(role.Properties.ManagedPolicyArns).toBeUndefined();
  });

  test("environment, layers, memory, a permissions boundary and tags", () => {
    const arn = "arn:aws:lambda:eu-west-1:123456789012:layer:monitoring:3";
    const boundary = "arn:aws:iam::123456789012:policy/boundary";
    const { template } = aSubscriber((stack) => ({
      environment: { GREETING: "hello" },
      layers: [LayerVersion.fromLayerVersionArn(stack, "Layer", arn)],
      memorySize: 1_024,
      permissionsBoundary: ManagedPolicy.fromManagedPolicyArn(stack, "Boundary", boundary),
      tags: { team: "crew" },
    }));
    const [, { Properties }] = only(template, "AWS::Lambda::Function", ofReaders);
    expect(Properties).toMatchObject({
      Layers: [arn],
      MemorySize: 1_024,
      Environment: { Variables: { GREETING: "hello", WAGGLE_AWS_SUBSCRIPTION: expect.anything() } },
      Tags: [{ Key: "team", Value: "crew" }],
    });
    template.allResourcesProperties("AWS::IAM::Role", { PermissionsBoundary: boundary });
    for (const type of ["AWS::SQS::Queue", "AWS::IAM::Role", "AWS::Logs::LogGroup", "AWS::CloudWatch::Alarm"]) {
      template.allResourcesProperties(type, { Tags: [{ Key: "team", Value: "crew" }] });
    }
  });

  test("queues that outlive their stack", () => {
    const { template } = aSubscriber({ retainQueues: true }, { ordered: "data.taskId" });
    template.allResources("AWS::SQS::Queue", {
      DeletionPolicy: "RetainExceptOnCreate",
      UpdateReplacePolicy: "Retain",
    });
    template.resourceCountIs("AWS::SQS::Queue", 3);
    aSubscriber({}).template.allResources("AWS::SQS::Queue", { DeletionPolicy: "Delete" });
  });
});

describe("synthesis refuses", () => {
  const { stack } = aStackWithBus();
  const group = SecurityGroup.fromSecurityGroupId(stack, "Group", "sg-0123456789abcdef0");

  test.each<[string, SubscriberSettings, RegExp]>([
    [
      "fewer reserved functions than the queue may start",
      { reservedConcurrency: 1 },
      /^subscription readers: reservedConcurrency must be an integer of at least 2, not 1, as its queue may start 2/,
    ],
    [
      "more provisioned functions than ever run",
      { provisionedConcurrency: 3 },
      /^subscription readers: provisionedConcurrency must be an integer from 1 to 2, not 3/,
    ],
    [
      "a part of a function",
      { provisionedConcurrency: 0.5 },
      /^subscription readers: provisionedConcurrency must be an integer from 1 to 2, not 0.5/,
    ],
    [
      "a batching window above five minutes",
      { batchingWindow: Duration.seconds(301) },
      /^subscription readers: batchingWindow must be whole seconds from 0 to 300, not 301 s/,
    ],
    [
      "a batching window of part of a second",
      { batchingWindow: Duration.millis(500) },
      /^subscription readers: batchingWindow must be whole seconds from 0 to 300, not 0.5 s/,
    ],
    [
      "a visibility timeout that ends while messages are collected",
      { batchingWindow: Duration.seconds(30), visibilityTimeout: Duration.seconds(60) },
      /^subscription readers: visibilityTimeout must be at least the function's timeout of 40s and its batching window of 30 s/,
    ],
    [
      "too little memory",
      { memorySize: 64 },
      /^subscription readers: memorySize must be an integer from 128 to 10240, not 64/,
    ],
    [
      "subnets without a VPC",
      { vpcSubnets: { subnetType: SubnetType.PUBLIC } },
      /^subscription readers: vpcSubnets is given, but vpc is missing/,
    ],
    [
      "security groups without a VPC",
      { securityGroups: [group] },
      /^subscription readers: securityGroups is given, but vpc is missing/,
    ],
  ])("%s", (_, settings, message) => {
    expect(() => aSubscriber(settings)).toThrow(message);
  });

  test("a batching window of an ordered subscription", () => {
    expect(() => aSubscriber({ batchingWindow: Duration.seconds(1) }, { ordered: "data.taskId" })).toThrow(
      /^subscription readers: batchingWindow is not supported with `ordered`/,
    );
  });

  test.each([
    ["history", { history: { reservedConcurrency: 19 } }, /^history: reservedConcurrency .* at least 20, not 19/],
    ["dead letters", { deadLetters: { reservedConcurrency: 1 } }, /^deadLetters: reservedConcurrency .* 2, not 1/],
  ])("fewer reserved functions than the queue of %s may start", (_, props, message) => {
    const bus = () => new AgentEventBus(new Stack(anApp(), "bus"), "Bus", { busName: "agents", ...props });
    expect(bus).toThrow(message);
  });

  test("a flow monitor that may never run", () => {
    const app = anApp();
    const monitoring = () =>
      new MonitoringStack(app, "monitoring", { bus: "agents", flows: { reservedConcurrency: 0 } });
    expect(monitoring).toThrow(/^watch-flows: reservedConcurrency .* at least 1, not 0/);
  });
});
