import { fileURLToPath } from "node:url";
import { Duration, Stack, Validations } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { ManagedPolicy } from "aws-cdk-lib/aws-iam";
import { Topic } from "aws-cdk-lib/aws-sns";
import { CfnQueue, Queue } from "aws-cdk-lib/aws-sqs";
import { describe, expect, test, vi } from "vitest";
import {
  AgentEventBus,
  BusForward,
  FlowMonitor,
  type FunctionSettings,
  findSubscribers,
  MonitoringStack,
  Outbox,
  QueueSubscriber,
  SubscribersStack,
} from "../../lib/cdk/index.ts";
import { stacks } from "./project-stacks.ts";
import { aBus, anApp, aVpc, bySchemas, findings } from "./synthesis.ts";

// All that is validated against CloudFormation's schemas: to load them takes a process longer than the rest of its tests, and a
// minute on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const functions = fileURLToPath(new URL("../../functions", import.meta.url));

describe("the stacks pass cdk-nag and CloudFormation's schemas", () => {
  test.each([
    ["in dev", { stage: "dev" }, {}],
    ["in prod", { stage: "prod" }, {}],
    [
      "with a key and other accounts",
      { stage: "prod" },
      {
        encryptionKey: true,
        publishers: [
          { account: "123456789012", sources: ["crew"] },
          { organization: "o-a1b2c3d4e5", sources: ["crew"] },
        ],
      },
    ],
  ])("%s", async (_, context, props) => {
    const { app, bus, monitoring } = await stacks({ ...context, ...bySchemas }, props);
    new QueueSubscriber(monitoring, "Queue", { bus, subscription: { name: "queue", on: "*", ordered: "source" } });
    new BusForward(monitoring, "Forward", {
      bus,
      name: "forward",
      on: "*",
      toBusArn: "arn:aws:events:eu-west-1:210987654321:event-bus/b",
    });
    expect(findings(app)).toEqual([]);
    expect(() => app.synth()).not.toThrow();
  });

  test("but planted faults are found", async () => {
    const { app, monitoring } = await stacks(bySchemas);
    new Queue(monitoring, "Planted");
    expect(findings(app)).toEqual([
      "AwsSolutions-SQS3: monitoring/Planted/Resource",
      "AwsSolutions-SQS4: monitoring/Planted/Resource",
    ]);
    Validations.of(monitoring).acknowledge({ id: "AwsSolutions-SQS3", reason: "planted" });
    expect(findings(app)).toEqual(["AwsSolutions-SQS4: monitoring/Planted/Resource"]);
    new CfnQueue(monitoring, "Misshapen", { visibilityTimeout: 50_000 });
    expect(() => app.synth()).toThrow(/VisibilityTimeout/);
  });
});

/** Every setting of a function, with what it needs in a stack. */
function everySetting(stack: Stack): FunctionSettings {
  const boundary = "arn:aws:iam::123456789012:policy/boundary";
  return {
    reservedConcurrency: 25,
    tracing: true,
    vpc: aVpc(stack),
    permissionsBoundary: ManagedPolicy.fromManagedPolicyArn(stack, "Boundary", boundary),
    memorySize: 256,
    environment: { GREETING: "hello" },
  };
}

test("every function of Waggle takes the settings, without findings of cdk-nag or of CloudFormation's schemas", async () => {
  const app = anApp({ ...bySchemas, stage: "prod" });
  const stack = new Stack(app, "bus");
  const settings = everySetting(stack);
  const bus = new AgentEventBus(stack, "Bus", { busName: "agents", history: settings, deadLetters: settings });
  const team = new SubscribersStack(app, "team", {
    bus,
    subscribers: await findSubscribers(functions),
    settings: ({ name }) => ({
      ...settings,
      ...(name === "readers" ? { provisionedConcurrency: 1, batchingWindow: Duration.seconds(1) } : {}),
    }),
  });
  const monitoring = new MonitoringStack(app, "monitoring", {
    bus,
    flows: {
      ...settings,
      rules: [{ kind: "slow-flow", over: "1h" }, { kind: "dead-letters" }],
      to: [{ webhook: "https://example.com/alerts", secretParameter: "/ops/alerts" }],
    },
  });
  new BusForward(monitoring, "Forward", {
    bus,
    name: "forward",
    on: "*",
    toBusArn: "arn:aws:events:eu-west-1:210987654321:event-bus/b",
    ...(settings.permissionsBoundary && { permissionsBoundary: settings.permissionsBoundary }),
  });
  const templates = [stack, team, monitoring].map((one) => Template.fromStack(one));
  const found = templates.flatMap((template) => Object.values(template.findResources("AWS::Lambda::Function")));
  expect(found).toHaveLength(2 + 5 + 2);
  for (const { Properties } of found) {
    expect(Properties, Properties.Description).toMatchObject({
      ...(Properties.Description.includes("alert-webhook") ? {} : { ReservedConcurrentExecutions: 25 }),
      TracingConfig: { Mode: "Active" },
      VpcConfig: { SubnetIds: ["subnet-0123456789abcdef0"] },
      MemorySize: 256,
      Environment: { Variables: { GREETING: "hello", WAGGLE_AWS_BUS: expect.anything() } },
    });
  }
  for (const template of templates) {
    template.allResourcesProperties("AWS::IAM::Role", { PermissionsBoundary: Match.anyValue() });
  }
  expect(findings(app)).toEqual([]);
  expect(() => app.synth()).not.toThrow();
});

test.each([
  ["with the keys of AWS", {}],
  ["with a key of its own", { encryptionKey: true } as const],
])("an outbox passes cdk-nag and CloudFormation's schemas, %s", (_, props) => {
  const { app, bus } = aBus(props, bySchemas);
  const stack = new Stack(app, "team");
  new Outbox(stack, "Outbox", { bus });
  expect(findings(app)).toEqual([]);
  expect(() => app.synth()).not.toThrow();
  const table = Template.fromStack(stack).findResources("AWS::DynamoDB::Table");
  const encrypted = Object.values(table).map(({ Properties }) => Properties.SSESpecification?.SSEType);
  expect(encrypted).toEqual(["encryptionKey" in props ? "KMS" : undefined]);
});

test("all ways out of alerts pass cdk-nag and CloudFormation's schemas", () => {
  const app = anApp(bySchemas);
  const stack = new Stack(app, "bus");
  const bus = new AgentEventBus(stack, "Bus", { busName: "agents" });
  const monitoring = new Stack(app, "monitoring");
  new FlowMonitor(monitoring, "Flows", {
    bus,
    rules: [
      { kind: "slow-flow" },
      { kind: "stuck-flow" },
      { kind: "no-result", on: ["task.completed"] },
      { kind: "rate-spike" },
      { kind: "failures" },
      { kind: "silence" },
      { kind: "dead-letters" },
      { kind: "cost", limit: 10 },
      { kind: "loop" },
    ],
    to: [
      { topic: new Topic(monitoring, "Mine", { enforceSSL: true }) },
      { webhook: "https://example.com/a", secretParameter: "/ops/alerts" },
    ],
  });
  expect(Object.keys(Template.fromStack(monitoring).findResources("AWS::CloudWatch::Alarm"))).toHaveLength(
    1 + 9 + 3 + 5,
  );
  expect(findings(app)).toEqual([]);
  expect(() => app.synth()).not.toThrow();
});
