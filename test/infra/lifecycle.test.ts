import { Stack } from "aws-cdk-lib";
import type { Template } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { AgentEventBus, BusForward, type IAgentEventBus, QueueSubscriber } from "../../lib/cdk/index.ts";
import { aBus, allThatComesBefore, anApp, only } from "./synthesis.ts";

describe("stages", () => {
  test("dev leaves nothing behind", () => {
    const template = aBus({ encryptionKey: true }, { stage: "dev" }).template();
    const kept = Object.values(template.toJSON().Resources).filter((one) => /^Retain/.test(Object(one).DeletionPolicy));
    expect(kept).toEqual([]);
    template.resourceCountIs("Custom::S3AutoDeleteObjects", 1);
  });

  test("prod retains tables, bodies, archive with its bus, key and logs, but not of a failed first deployment", () => {
    const template = aBus({ encryptionKey: true }, { stage: "prod" }).template();
    for (const type of [
      "AWS::DynamoDB::Table",
      "AWS::S3::Bucket",
      "AWS::Events::Archive",
      "AWS::Events::EventBus",
      "AWS::KMS::Key",
      "AWS::Logs::LogGroup",
    ]) {
      template.allResources(type, { DeletionPolicy: "RetainExceptOnCreate", UpdateReplacePolicy: "Retain" });
    }
    template.allResourcesProperties("AWS::Logs::LogGroup", { RetentionInDays: 90 });
    template.hasResourceProperties("AWS::Events::Archive", { RetentionDays: 90 });
  });
});

describe("the tables of prod", () => {
  const template = aBus({ encryptionKey: true }, { stage: "prod" }).template();

  test("are protected against deletion", () => {
    template.allResourcesProperties("AWS::DynamoDB::Table", { DeletionProtectionEnabled: true });
  });

  test("are created last, as a rollback of anything else could not delete them", () => {
    const tables = Object.keys(template.findResources("AWS::DynamoDB::Table"));
    const { Resources } = template.toJSON();
    const others = Object.keys(Resources).filter((id) => !tables.includes(id));
    for (const table of tables) {
      const before = allThatComesBefore(template, table);
      expect(
        others.filter((id) => !before.has(id)),
        table,
      ).toEqual([]);
    }
  });
});

test("the function that empties the bucket has a log group of its own, and may write to no other", () => {
  const template = aBus().template();
  const [, handler] = only(template, "AWS::Lambda::Function", /AutoDeleteObjects/);
  const [logs, group] = only(template, "AWS::Logs::LogGroup", /AutoDeleteObjects/);
  expect(group).toMatchObject({ DeletionPolicy: "Delete", Properties: { RetentionInDays: 7 } });
  expect(handler.Properties.LoggingConfig).toEqual({ LogGroup: { Ref: logs } });
  const [, role] = only(template, "AWS::IAM::Role", /AutoDeleteObjects/);
  expect(role.Properties).toMatchObject({
    ManagedPolicyArns: [],
    Policies: [
      {
        PolicyDocument: {
          Statement: [
            {
              Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
              Resource: { "Fn::GetAtt": [logs, "Arn"] },
            },
          ],
        },
      },
    ],
  });
});

test("every function has a log group that its stack declares", () => {
  for (const { Properties } of Object.values(aBus().template().findResources("AWS::Lambda::Function"))) {
    expect(Properties.LoggingConfig?.LogGroup, Properties.Description).toBeDefined();
  }
});

describe("a bus is deleted after its rules,", () => {
  const rulesWait = (template: Template) => {
    const rules = Object.entries(template.findResources("AWS::Events::Rule")).filter(
      ([, { Properties }]) => Properties.EventBusName !== undefined,
    );
    const [bus = ""] = Object.keys(template.findResources("AWS::Events::EventBus"));
    return rules.map(([id]) => allThatComesBefore(template, id).has(bus));
  };
  const addTo = (stack: Stack, bus: IAgentEventBus) => {
    new QueueSubscriber(stack, "Queue", { bus, subscription: { name: "queue", on: "*" } });
    const toBusArn = "arn:aws:events:eu-west-1:210987654321:event-bus/theirs";
    new BusForward(stack, "Forward", { bus, name: "forward", on: "*", toBusArn });
  };

  test("those of its own stack", () => {
    const { stack, bus, template } = aBus();
    addTo(stack, bus);
    expect(rulesWait(template())).toEqual([true, true, true]);
  });

  test("those of its own stack that refer to it by its name", () => {
    const { stack, template } = aBus();
    addTo(stack, AgentEventBus.fromBusName(stack, "ByName", "agents"));
    expect(rulesWait(template())).toEqual([true, true, true]);
  });

  test("those of another stack of the app that refers to it by its name, whichever comes first", () => {
    const app = anApp();
    const [early, stack, late] = [new Stack(app, "early"), new Stack(app, "bus"), new Stack(app, "late")];
    addTo(early, AgentEventBus.fromBusName(early, "Bus", "agents"));
    new AgentEventBus(stack, "Bus", { busName: "agents" });
    new QueueSubscriber(late, "Late", {
      bus: AgentEventBus.fromBusName(late, "Bus", "agents"),
      subscription: { name: "late", on: "*" },
    });
    const assembly = app.synth();
    for (const name of ["early", "late"]) {
      expect(
        assembly.getStackByName(name).dependencies.map(({ id }) => id),
        name,
      ).toContain("bus");
    }
  });
});

test("buses of one name in two Regions of an app are two buses", () => {
  const app = anApp();
  for (const region of ["eu-west-1", "us-east-1"]) {
    const stack = new Stack(app, region, { env: { account: "123456789012", region } });
    const bus = new AgentEventBus(stack, "Bus", { busName: "agents" });
    new QueueSubscriber(stack, "Queue", { bus, subscription: { name: "queue", on: "*" } });
  }
  for (const { dependencies } of app.synth().stacks) {
    expect(dependencies.map(({ id }) => id).filter((id) => !id.endsWith(".assets"))).toEqual([]);
  }
});
