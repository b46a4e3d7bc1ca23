import { Duration } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { expect, test } from "vitest";
import { Outbox, type OutboxProps } from "../../lib/cdk/index.ts";
import { anchorOf, readPages } from "../docs/pages.ts";
import { allowed, aStackWithBus, only } from "./synthesis.ts";

function anOutbox(props: Partial<OutboxProps> = {}) {
  const { bus, stack, template } = aStackWithBus();
  const outbox = new Outbox(stack, "Outbox", { bus, ...props });
  return { outbox, stack, template };
}

test("an outbox has a table whose stream and a schedule invoke its function", () => {
  const template = anOutbox().template();
  template.hasResourceProperties("AWS::DynamoDB::Table", {
    TableName: "agents-outbox",
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
    StreamSpecification: { StreamViewType: "KEYS_ONLY" },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    TimeToLiveSpecification: Match.absent(),
  });
  const [table] = only(template, "AWS::DynamoDB::Table", /^Outbox/);
  template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
    EventSourceArn: { "Fn::GetAtt": [table, "StreamArn"] },
    StartingPosition: "TRIM_HORIZON",
    FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT"]}' }] },
    MaximumRetryAttempts: 2,
  });
  template.hasResourceProperties("AWS::Events::Rule", { ScheduleExpression: "rate(1 minute)" });
  template.hasResourceProperties("AWS::Lambda::Function", {
    FunctionName: "agents-relay-outbox",
    Environment: { Variables: Match.objectLike({ WAGGLE_OUTBOX_TABLE: { Ref: table } }) },
  });
});

test("it outlives its stack in prod", () => {
  const { bus, stack } = aStackWithBus({ stage: "prod" });
  new Outbox(stack, "Outbox", { bus });
  const [, table] = only(Template.fromStack(stack), "AWS::DynamoDB::Table", /^Outbox/);
  expect(table.DeletionPolicy).toBe("RetainExceptOnCreate");
  expect(table.Properties.DeletionProtectionEnabled).toBe(true);
});

test("who may add may put, and no more, and a function is told the table; an operator may see, retry and discard", () => {
  const { outbox, stack, template } = anOutbox();
  const adder = new LambdaFunction(stack, "Adder", {
    runtime: Runtime.NODEJS_24_X,
    handler: "index.handler",
    code: Code.fromInline("exports.handler = () => {}"),
  });
  outbox.grantAdd(adder);
  const synthesized = template();
  synthesized.hasResourceProperties("AWS::Lambda::Function", {
    Handler: "index.handler",
    Code: { ZipFile: Match.anyValue() },
    Environment: { Variables: { WAGGLE_OUTBOX_TABLE: Match.anyValue() } },
  });
  const puts = allowed(synthesized, "dynamodb:PutItem").filter(({ role }) => role.includes("Adder"));
  expect(puts).toHaveLength(1);
  for (const action of ["dynamodb:Query", "dynamodb:DeleteItem"]) {
    expect(allowed(synthesized, action).filter(({ role }) => role.includes("Adder"))).toEqual([]);
  }
});

test("each alarm has a runbook; several outboxes of a bus have names of their own", () => {
  const { outbox, stack, template } = anOutbox();
  const { bus } = aStackWithBus();
  new Outbox(stack, "Second", { bus, name: "orders", lateAfter: Duration.minutes(5) });
  expect(outbox.alarms).toHaveLength(3);
  const alarms = Object.values(template().findResources("AWS::CloudWatch::Alarm")).map(({ Properties }) => Properties);
  expect(alarms.map(({ AlarmName }) => AlarmName).toSorted()).toEqual([
    "agents-outbox-late",
    "agents-outbox-orders-late",
    "agents-outbox-orders-set-aside",
    "agents-outbox-set-aside",
    "agents-relay-outbox-fails",
    "agents-relay-outbox-orders-fails",
  ]);
  const page = readPages().find(({ path }) => path === "docs/aws/operate.md");
  const headings = new Set(page?.lines.flatMap((line) => /^#+ (.*)$/.exec(line)?.[1] ?? []).map(anchorOf));
  for (const { AlarmActions, AlarmDescription, AlarmName } of alarms) {
    expect(headings, AlarmName).toContain(/#([a-z-]+) of wagglebus\.$/.exec(AlarmDescription)?.[1]);
    expect(AlarmActions).toHaveLength(1);
  }
  template().hasResourceProperties("AWS::CloudWatch::Alarm", {
    AlarmName: "agents-outbox-orders-late",
    MetricName: "OutboxAge",
    Threshold: 300_000,
    Dimensions: [
      { Name: "Bus", Value: "agents" },
      { Name: "Outbox", Value: "outbox-orders" },
    ],
  });
});

test.each([
  [{ name: "Orders" }, /name must be 1 to 16/],
  [{ lateAfter: Duration.minutes(1) }, /lateAfter must be at least 2 minutes/],
  [{ memorySize: 1 }, /relay-outbox: memorySize/],
])("%o is refused at synthesis", (props, message) => {
  expect(() => anOutbox(props)).toThrow(message);
});
