import { randomUUID } from "node:crypto";
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { CreateEventBusCommand } from "@aws-sdk/client-eventbridge";
import { CreateQueueCommand, SendMessageCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { PutParameterCommand } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BusConfig, parameterNames, resourceNames } from "../../../lib/aws-shared/index.ts";
import { createClients } from "../../../lib/engines/aws/clients.ts";
import { connect } from "../../../lib/index.ts";
import { subscriptionRecord } from "../../../lib/subscription/index.ts";
import { eventually } from "../../support/eventually.ts";
import { workspace } from "../../unit/cli/test-io.ts";
import { target } from "../rig/targets.ts";
import { busName, patience } from "./settings.ts";

const on = (bus: string, ...argv: string[]) => [...argv, "--engine", "aws", "--bus", bus];

describe("what is deployed", () => {
  test("doctor finds nothing wrong, and names the bus, its tables and its queues", async () => {
    const { waggle } = workspace();
    const { json, code } = await waggle(on(busName, "doctor", "--json"));
    const failed = json.filter(({ state }) => state === "failed");
    expect(failed).toEqual([]);
    expect(code).toBe(0);
    expect(json.map(({ text }) => text)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(`^${busName} in `),
        `${busName}-history can be read`,
        `${busName}-deliveries can be read`,
        expect.stringContaining(`${busName}-responder: hidden for `),
      ]),
    );
  });

  // It has functions log to a group by their name, and leaves the one empty that they are given.
  test.runIf(target === "localstack")("LocalStack writes what a function logs elsewhere", async () => {
    const bus = await connect({ engine: "aws", bus: busName, source: "logs", logLevel: "silent" });
    await bus.publish({ type: "custom.e2e.broken", data: {} }).finally(() => bus.close());
    const logs = new CloudWatchLogsClient();
    const logGroupNamePrefix = `/aws/lambda/${busName}-subscribers-fragile`;
    await eventually(
      "the group is there",
      async () => (await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }))).logGroups?.length === 1,
      patience,
      500,
    );
    logs.destroy();
  });

  test.runIf(target !== "localstack")(
    "logs shows what a function has logged of an event, and of its flow",
    async () => {
      const { waggle } = workspace();
      const bus = await connect({ engine: "aws", bus: busName, source: "logs", logLevel: "silent" });
      const { id } = await bus.publish({ type: "custom.e2e.broken", data: {} }).finally(() => bus.close());
      for (const by of ["--event", "--flow"]) {
        const lines = await eventually(
          "the line is there",
          async () => {
            const { code, json, err } = await waggle(on(busName, "logs", "fragile", by, id, "--json"));
            expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
            return json.length > 0 && json;
          },
          patience,
          500,
        );
        expect(lines[0]).toMatchObject({ function: "fragile", fields: { level: expect.any(String) } });
        expect(JSON.stringify(lines[0])).toContain(id);
      }
      const own = await waggle(on(busName, "logs", "unknown-function"));
      expect(own).toMatchObject({ code: 1, err: expect.stringContaining("the functions are") });
      expect(own.err).toContain("record-history");
    },
  );
});

// What somebody has changed by hand, on a bus that is made by API: no other test is to meet it.
describe.runIf(target === "ministack")("a bus that was changed by hand", () => {
  const bus = `d-${randomUUID().slice(0, 8)}`;
  const clients = createClients();
  const cloudwatch = new CloudWatchClient();
  const logs = new CloudWatchLogsClient();
  const waggle = (argv: readonly string[]) => workspace().waggle(argv);
  let queueUrl = "";

  beforeAll(async () => {
    const { dynamo, events, sqs } = clients;
    await events.send(new CreateEventBusCommand({ Name: bus }));
    await table(resourceNames.historyTable(bus), ["pk", "sk"]);
    await table(resourceNames.deliveriesTable(bus), ["pk"]);
    const queue = async (QueueName: string, Attributes = {}) =>
      (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? "";
    const unpublished = await queue(resourceNames.publisherDeadLetterQueue(bus));
    await queue(resourceNames.historyDeadLetterQueue(bus));
    await queue(resourceNames.deadLetterQueue(bus, "readers", false));
    queueUrl = await queue(resourceNames.queue(bus, "readers", false), { VisibilityTimeout: "300" });
    await redrive(100);
    await parameter(parameterNames.bus(bus), {
      schema: 1,
      bus,
      historyTable: resourceNames.historyTable(bus),
      deliveriesTable: resourceNames.deliveriesTable(bus),
      publisherDeadLetterQueueUrl: unpublished,
      bodiesBucket: "none",
      retentionMs: 1_000,
      maxRequestBytes: 1_048_576,
    } satisfies BusConfig);
    const record = subscriptionRecord({ name: "readers", on: "task.assigned", timeout: "30s" });
    await parameter(parameterNames.subscription(bus, "readers"), {
      ...{ schema: 1, record, queueUrl, fifo: false, consumer: "function" },
    });

    async function table(TableName: string, keys: string[]) {
      await dynamo.send(
        new CreateTableCommand({
          TableName,
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: "S" as const })),
          KeySchema: keys.map((AttributeName, index) => ({
            AttributeName,
            KeyType: index === 0 ? ("HASH" as const) : ("RANGE" as const),
          })),
        }),
      );
    }
  });
  afterAll(() => {
    for (const client of [clients, cloudwatch, logs]) client.destroy();
  });

  async function parameter(Name: string, value: object | string) {
    const ssm = await clients.ssm();
    const Value = typeof value === "string" ? value : JSON.stringify(value);
    await ssm.send(new PutParameterCommand({ Name, Value, Type: "String" }));
  }
  const set = (Attributes: Record<string, string>) =>
    clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes }));
  const redrive = (maxReceiveCount: number, name = resourceNames.deadLetterQueue(bus, "readers", false)) =>
    set({
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
        maxReceiveCount,
      }),
    });
  const findings = async () => {
    const { code, json } = await waggle(on(bus, "doctor", "--json"));
    return { code, wrong: json.filter(({ state }) => state !== "ok") };
  };

  test("sound, it has no finding but ok", async () => {
    expect(await findings()).toEqual({ code: 0, wrong: [] });
  });

  test("a message that is hidden for less than a run takes fails, and so does another dead-letter queue", async () => {
    await set({ VisibilityTimeout: "20" });
    await redrive(100, resourceNames.publisherDeadLetterQueue(bus));
    const { code, wrong } = await findings();
    expect(wrong).toMatchObject([
      { check: "queue", state: "failed", text: expect.stringContaining("hidden for 20 s, and a run may take 35 s") },
      {
        check: "queue",
        state: "failed",
        text: expect.stringContaining(`is ${bus}-unpublished, not ${bus}-readers-dlq`),
      },
    ]);
    expect(wrong.every(({ fix }) => String(fix).includes("npx cdk diff"))).toBe(true);
    expect(code).toBe(1);
    await set({ VisibilityTimeout: "300" });
    await redrive(100);
  });

  test("what lies in a dead-letter queue and an alarm are warnings, which name the command and the runbook", async () => {
    const dlq = queueUrl.replace(/[^/]+$/, resourceNames.deadLetterQueue(bus, "readers", false));
    await clients.sqs.send(new SendMessageCommand({ QueueUrl: dlq, MessageBody: "{}" }));
    const AlarmName = `${bus}-readers-fails`;
    await cloudwatch.send(
      new PutMetricAlarmCommand({
        AlarmName,
        AlarmDescription: "The runbook",
        ...{ Namespace: "Waggle", MetricName: "Errors", Statistic: "Sum", Period: 60, EvaluationPeriods: 1 },
        ...{ Threshold: 1, ComparisonOperator: "GreaterThanThreshold" },
      }),
    );
    await cloudwatch.send(new SetAlarmStateCommand({ AlarmName, StateValue: "ALARM", StateReason: "a test" }));
    const { code, wrong } = await findings();
    expect(wrong).toMatchObject([
      { check: "queue", state: "warning", fix: expect.stringContaining("waggle logs record-dead-letter") },
      { check: "alarm", state: "warning", text: `${AlarmName} is in state ALARM: a test`, fix: "The runbook" },
    ]);
    expect(code).toBe(0);
    expect((await waggle(on(bus, "doctor", "--strict"))).code).toBe(1);
  });

  test("logs merges the functions by time, finds an id with quotes, and follows", async () => {
    const now = Date.now();
    await parameter(parameterNames.subscriptionLog(bus, "readers"), `/${bus}/readers`);
    await parameter(parameterNames.functionLog(bus, "record-history"), `/${bus}/recorder`);
    const id = 'a"b\\c';
    for (const name of ["readers", "recorder"]) {
      await logs.send(new CreateLogGroupCommand({ logGroupName: `/${bus}/${name}` }));
      await logs.send(new CreateLogStreamCommand({ logGroupName: `/${bus}/${name}`, logStreamName: "one" }));
    }
    const put = (name: string, lines: [number, string][]) =>
      logs.send(
        new PutLogEventsCommand({
          logGroupName: `/${bus}/${name}`,
          logStreamName: "one",
          logEvents: lines.map(([age, message]) => ({ timestamp: now - age, message })),
        }),
      );
    await put("readers", [
      [3_000, "START one"],
      [1_000, JSON.stringify({ level: "warn", message: "third", eventId: id })],
    ]);
    await put("recorder", [[2_000, "second"]]);
    const { json } = await waggle(on(bus, "logs", "--json"));
    expect(json).toMatchObject([
      { function: "readers", text: "START one", time: new Date(now - 3_000).toISOString() },
      { function: "record-history", text: "second" },
      { function: "readers", fields: { eventId: id } },
    ]);
    expect((await waggle(on(bus, "logs", "--event", id, "--json"))).json).toHaveLength(1);
    expect((await waggle(on(bus, "logs", "readers", "--limit", "1"))).out).toBe(
      `${new Date(now - 3_000).toISOString()} readers START one\n`,
    );
    const { ended, interrupt, stdout } = workspace().start(on(bus, "logs", "record-history", "--follow"));
    await stdout.contains("second");
    await put("recorder", [[0, "fourth"]]);
    await stdout.contains("fourth");
    interrupt();
    const { code, out } = await ended;
    expect(code).toBe(0);
    expect(out.match(/second/g)).toHaveLength(1);
  });
});
