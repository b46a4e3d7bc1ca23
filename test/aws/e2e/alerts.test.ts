import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { DeleteMessageCommand, GetQueueUrlCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAlert } from "../../../lib/alerts/index.ts";
import { resourceNames } from "../../../lib/aws-shared/index.ts";
import { createIds } from "../../../lib/event/id.ts";
import { type Bus, connect } from "../../../lib/index.ts";
import { eventually } from "../../support/eventually.ts";
import { withStacksOf } from "../rig/own-stacks.ts";
import { functionsRunHere } from "../rig/targets.ts";
import { alertBusName, inbox, secretParameter, webhookVariable } from "./alerts-settings.ts";
import { patience } from "./settings.ts";

const secret = `whsec_${randomBytes(32).toString("base64")}`;
const sent: { headers: IncomingMessage["headers"]; body: string }[] = [];
const receiver = createServer(async (request, response) => {
  sent.push({ headers: request.headers, body: await text(request) });
  response.writeHead(204).end();
});

beforeAll(async () => {
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const address = receiver.address();
  if (!functionsRunHere || typeof address !== "object" || address === null) return;
  process.env[webhookVariable] = `http://127.0.0.1:${address.port}/alerts`;
});
withStacksOf("test/aws/e2e/alerts-app.ts");

let bus: Bus;
const sqs = new SQSClient();
const ssm = new SSMClient();
beforeAll(async () => {
  await ssm.send(
    new PutParameterCommand({ Name: secretParameter, Type: "SecureString", Value: secret, Overwrite: true }),
  );
  bus = await connect({ engine: "aws", bus: alertBusName, source: "e2e", logLevel: "silent" });
});
afterAll(async () => {
  await bus?.close();
  sqs.destroy();
  ssm.destroy();
  receiver.close();
});

/** Runs the function now, as its schedule does every minute; in an account the schedule alone does. */
async function watchFlows(): Promise<void> {
  const { AWS_ENDPOINT_URL: endpoint } = process.env;
  if (endpoint === undefined) return;
  const answer = await fetch(
    `${endpoint}/2015-03-31/functions/${resourceNames.watchFlowsFunction(alertBusName)}/invocations`,
    {
      method: "POST",
      body: JSON.stringify({ time: new Date().toISOString() }),
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=none`,
      },
    },
  );
  expect([answer.status, answer.headers.get("x-amz-function-error"), await answer.text()]).toEqual([200, null, "null"]);
}

/** The alerts of a flow by rule, as history has them, in order of their time. */
async function alertsOf(subject: string) {
  const { events } = await bus.history.query({ type: "system.performance.alert", limit: 100 });
  return events
    .flatMap((event) => parseAlert(event) ?? [])
    .filter((alert) => alert.subject === subject)
    .toReversed();
}

/** Waits until runs of the function have published so many alerts of a flow. */
function published(subject: string, count: number) {
  return eventually(
    `${count} alerts are published`,
    async () => {
      await watchFlows();
      const alerts = await alertsOf(subject);
      return alerts.length >= count && alerts;
    },
    patience,
    500,
  );
}

/** What the topic has sent of a flow. */
async function received(subject: string, count: number): Promise<string[]> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: inbox }));
  const found: string[] = [];
  await eventually(
    "the topic has sent them",
    async () => {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      for (const { Body = "", ReceiptHandle } of Messages) {
        if (Body.includes(subject)) found.push(Body);
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      return found.length >= count;
    },
    patience,
    200,
  );
  return found;
}

test("a deployed stack raises and clears alerts once, and sends them to a topic and to a webhook", async () => {
  const flow = createIds({ now: () => Date.now() - 120_000 })();
  const metadata = { correlationId: flow };
  await bus.publish({ type: "custom.job.started", data: { jobId: "1" }, metadata });
  expect(await published(flow, 1)).toMatchObject([
    { alert: "slow-flow", metric: "flow.duration", subject: flow, state: "raised" },
  ]);
  const metrics = await bus.publish({ type: "custom.job.completed", data: { jobId: "1" }, metadata });
  await eventually("it is recorded", async () => (await bus.history.get(metrics.id)) !== undefined, patience, 200);
  const ended = await published(flow, 3);
  expect(ended.map(({ alert, state }) => `${alert} ${state}`).toSorted()).toEqual([
    "no-result raised",
    "slow-flow cleared",
    "slow-flow raised",
  ]);
  await bus.publish({ type: "custom.job.completed", data: { jobId: "1", result: "done" }, metadata });
  const all = await published(flow, 4);
  expect(all.filter(({ state }) => state === "cleared")).toHaveLength(2);
  // A run more finds nothing new.
  await watchFlows();
  expect(await alertsOf(flow)).toHaveLength(4);

  const messages = await received(flow, 4);
  expect(messages.map((message) => JSON.parse(message)["detail-type"])).toEqual(
    Array.from({ length: 4 }, () => "system.performance.alert"),
  );
  if (!functionsRunHere) return;
  await eventually("the webhook has them", () => sent.filter(({ body }) => body.includes(flow)).length >= 4, patience);
  for (const { headers, body } of sent) {
    const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    expect(new Webhook(secret).verify(body, flat)).toMatchObject({ type: "system.performance.alert" });
    expect(flat["waggle-subscription"]).toBe("alert-webhook");
  }
});

test("each rule has an alarm", async () => {
  const cloudwatch = new CloudWatchClient();
  const { MetricAlarms = [] } = await cloudwatch.send(
    new DescribeAlarmsCommand({ AlarmNamePrefix: `${alertBusName}-alert-` }),
  );
  cloudwatch.destroy();
  expect(
    MetricAlarms.filter(({ MetricName }) => MetricName === "ActiveAlerts").map((alarm) => alarm.AlarmName),
  ).toEqual(
    expect.arrayContaining(["slow-flow", "no-result", "dead-letters"].map((rule) => `${alertBusName}-alert-${rule}`)),
  );
});
