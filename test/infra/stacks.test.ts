import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Stack } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AgentEventBus, findSubscribers, QueueSubscriber } from "../../lib/cdk/index.ts";
import { anchorOf, readPages } from "../docs/pages.ts";
import { stacks } from "./project-stacks.ts";
import { anApp } from "./synthesis.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The stacks as they are by default, for tests that only read them. */
let byDefault: ReturnType<typeof stacks> | undefined;
function defaultStacks() {
  byDefault ??= stacks();
  return byDefault;
}

describe("the stacks", () => {
  test("have a subscriber for every folder in functions/ with a subscription and a handler", async () => {
    const { subscribers } = await defaultStacks();
    const names = subscribers.subscribers.map(({ record }) => record.name);
    expect(names).toEqual(["extractor", "foreman", "librarian", "planner", "readers"]);
    Template.fromStack(subscribers).resourceCountIs("AWS::Lambda::Function", 5);
  });

  test("deploy in order and share only names", async () => {
    const { app } = await defaultStacks();
    const synthesized = app.synth().stacks;
    expect(synthesized.map(({ stackName }) => stackName).toSorted()).toEqual(["bus", "monitoring", "subscribers"]);
    for (const { stackName, dependencies, template } of synthesized.filter(({ stackName }) => stackName !== "bus")) {
      expect(
        dependencies.map(({ id }) => id),
        stackName,
      ).toContain("bus");
      expect(JSON.stringify(template)).not.toContain("Fn::ImportValue");
    }
  });

  test("check flows every minute, and have a composite alarm for an unhealthy bus", async () => {
    const { monitoring } = await defaultStacks();
    const template = Template.fromStack(monitoring);
    template.hasResourceProperties("AWS::Events::Rule", { ScheduleExpression: "rate(1 minute)" });
    template.hasResourceProperties("AWS::Lambda::Function", { FunctionName: "agents-watch-flows" });
    template.hasResourceProperties("AWS::CloudWatch::Alarm", {
      AlarmName: "agents-watch-flows-fails",
      Namespace: "AWS/Lambda",
      MetricName: "Errors",
      Dimensions: [{ Name: "FunctionName", Value: "agents-watch-flows" }],
      Threshold: 1,
      ComparisonOperator: "GreaterThanThreshold",
      AlarmDescription: Match.stringLikeRegexp("#flow-monitor-fails of wagglebus"),
    });
    template.hasResourceProperties("AWS::CloudWatch::CompositeAlarm", { AlarmName: "agents-unhealthy" });
    template.hasResourceProperties("AWS::CloudWatch::Dashboard", {
      DashboardName: { "Fn::Join": ["", ["agents-", { Ref: "AWS::Region" }]] },
    });
    // A quoted search term must be a whole name, and no queue is named "agents-".
    expect(JSON.stringify(template.toJSON())).toContain("QueueName=agents'");
  });

  test("omit the parts that the context `omit` names", async () => {
    const { monitoring, subscribers } = await stacks({ omit: "dashboard,composite-alarm,metric-math" });
    const template = Template.fromStack(monitoring);
    template.resourceCountIs("AWS::CloudWatch::CompositeAlarm", 0);
    template.resourceCountIs("AWS::CloudWatch::Dashboard", 0);
    for (const stack of [monitoring, subscribers]) {
      Template.fromStack(stack).allResourcesProperties("AWS::CloudWatch::Alarm", { Metrics: Match.absent() });
    }
  });

  test("have an alarm for everything that could lose an event, each with an existing runbook", async () => {
    const { subscribers, monitoring } = await defaultStacks();
    const page = readPages().find(({ path }) => path === "docs/aws/operate.md");
    const headings = new Set(page?.lines.flatMap((line) => /^#+ (.*)$/.exec(line)?.[1] ?? []).map(anchorOf));
    const alarms = [subscribers, monitoring].flatMap((stack) => {
      const template = Template.fromStack(stack);
      return ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"].flatMap((type) =>
        Object.values(template.findResources(type)).map(({ Properties }) => Properties),
      );
    });
    const names = alarms.map(({ AlarmName }) => AlarmName);
    expect(names).toEqual(
      expect.arrayContaining([
        "agents-record-errors",
        "agents-unpublished",
        "agents-history-dead-letters",
        "agents-history-late",
      ]),
    );
    expect(new Set(names).size).toBe(names.length);
    for (const { AlarmName, AlarmDescription, AlarmActions } of alarms) {
      const anchor = /#([a-z-]+) of wagglebus\.$/.exec(AlarmDescription)?.[1] ?? AlarmName;
      expect(headings, `${AlarmName}: ${anchor}`).toContain(anchor);
      expect(AlarmActions).toHaveLength(1);
    }
  });
});

test("every event source has a maximum of functions, those that drain dead letters the fewest that there can be", async () => {
  const { bus, subscribers } = await stacks({}, { encryptionKey: true });
  let drains = 0;
  for (const template of [Stack.of(bus), subscribers].map((one) => Template.fromStack(one))) {
    for (const [id, { Properties }] of Object.entries(template.findResources("AWS::Lambda::EventSourceMapping"))) {
      expect(Properties.ScalingConfig?.MaximumConcurrency, id).toBeGreaterThanOrEqual(2);
      if (!id.includes("Drain")) continue;
      expect(Properties.ScalingConfig, id).toEqual({ MaximumConcurrency: 2 });
      drains += 1;
    }
  }
  // Of publishers, history and the bus; one of each subscriber, and two of an ordered one.
  expect(drains).toBeGreaterThanOrEqual(3 + 5);
});

describe("findSubscribers", () => {
  let folder: string;
  beforeAll(() => {
    // The folder is inside the project, so that "wagglebus" resolves.
    folder = mkdtempSync(join(root, "node_modules", ".cache-functions-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function add(name: string, files: Readonly<Record<string, string>>): void {
    mkdirSync(join(folder, name), { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text);
  }

  test("returns folders with both modules in order, and ignores others", async () => {
    const handler = "export default async () => {};";
    add("b", { "subscription.js": 'export default { name: "b", on: "*" };', "handler.js": handler });
    add("a", { "subscription.mjs": 'export default { name: "a", on: "*" };', "handler.mjs": handler });
    add("_shared", { "handler.js": handler });
    const found = await findSubscribers(folder);
    expect(found.map(({ subscription }) => subscription.name)).toEqual(["a", "b"]);
  });

  test("never loads a handler", async () => {
    add("c", {
      "subscription.js": 'export default { name: "c", on: "*" };',
      "handler.js": 'throw new Error("loaded");',
    });
    await expect(findSubscribers(folder)).resolves.toHaveLength(3);
  });

  test("refuses a file without a subscription, and a folder that does not exist", async () => {
    add("d", { "subscription.js": "export const subscription = {};", "handler.js": "" });
    await expect(findSubscribers(folder)).rejects.toThrow(/d\/subscription\.js has no default export/);
    add("d", { "subscription.js": 'throw new Error("broken");' });
    await expect(findSubscribers(join(folder, "nowhere"))).rejects.toThrow(/nowhere does not exist/);
  });
});

test("subscribers of a bus imported by name do not depend on another stack", () => {
  const stack = new Stack(anApp(), "team");
  const bus = AgentEventBus.fromBusName(stack, "Bus", "agents");
  new QueueSubscriber(stack, "Queue", { bus, subscription: { name: "queue", on: "*" } });
  expect(stack.dependencies).toEqual([]);
});
