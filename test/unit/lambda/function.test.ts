import { trace } from "@opentelemetry/api";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import * as z from "zod";
import { functionVariables, metricNames, toEnvelope } from "../../../lib/aws-shared/index.ts";
import { taskAssigned, taskCompleted } from "../../../lib/catalog/index.ts";
import type { HandlerMiddleware } from "../../../lib/delivery/middleware.ts";
import { createClients } from "../../../lib/engines/aws/clients.ts";
import type { Clients } from "../../../lib/engines/aws/dependencies.ts";
import { createIds } from "../../../lib/event/id.ts";
import { type Event, getBus, loopGuard, RetryAfterError } from "../../../lib/index.ts";
import { subscriberFunction } from "../../../lib/lambda/define-handler.ts";
import type { FunctionRuntime } from "../../../lib/lambda/function-runtime.ts";
import { deadLetterFunction } from "../../../lib/lambda/record-dead-letter.ts";
import { historyFunction } from "../../../lib/lambda/record-history.ts";
import { watchFunction } from "../../../lib/lambda/watch-flows.ts";
import { systemClock } from "../../../lib/runtime/clock.ts";
import { subscriptionRecord } from "../../../lib/subscription/index.ts";
import { tracing } from "../../../lib/telemetry/index.ts";
import { anEvent } from "../../support/an-event.ts";
import { deliveriesTableInput, describeDynamo } from "../../support/dynamo.ts";
import { historyTableInput } from "../../support/history-table.ts";
import { startJsonStub } from "../../support/json-stub.ts";
import { SpanRecorder } from "../../support/span-recorder.ts";
import { dynamoForFile } from "../engines/aws/deliveries/bench.ts";
import { config, queueArn } from "./recorder-bench.ts";

const context = { awsRequestId: "request-1", getRemainingTimeInMillis: () => 35_000 };
const subscription = { name: "readers", on: "task.assigned" };
const instruction = "read it";
const entries = z.object({ Entries: z.array(z.record(z.string(), z.unknown())) });
const logged = z.looseObject({});

/** A batch as Lambda brings it. */
function batch(queue: string, ...bodies: readonly (Event | string)[]) {
  return {
    Records: bodies.map((body, index) => ({
      messageId: `message-${index}`,
      receiptHandle: `receipt-${index}`,
      body: typeof body === "string" ? body : toEnvelope(body),
      attributes: { SentTimestamp: String(Date.now()), ApproximateReceiveCount: "1", SenderId: "x" },
      messageAttributes: {},
      md5OfBody: "",
      eventSource: "aws:sqs",
      eventSourceARN: queueArn(queue),
      awsRegion: "us-east-1",
    })),
  };
}

describeDynamo("the functions of a bus", () => {
  const dynamo = dynamoForFile();
  const published: unknown[] = [];
  const hidden: unknown[] = [];
  const lines: string[] = [];
  let clients: Clients;
  let runtime: FunctionRuntime;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    await dynamo().createTable(deliveriesTableInput(config.deliveriesTable));
    await dynamo().createTable(historyTableInput(config.historyTable));
    const stub = await startJsonStub({
      PutEvents: (input) => {
        const { Entries } = entries.parse(input);
        published.push(...Entries);
        return { FailedEntryCount: 0, Entries: Entries.map((_, index) => ({ EventId: `event-${index}` })) };
      },
      ChangeMessageVisibilityBatch: (input) => {
        const { Entries } = entries.parse(input);
        hidden.push(...Entries);
        return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
      },
    });
    vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
    const own = createClients({ region: "us-east-1", endpoint: stub.url });
    clients = {
      get events() {
        return own.events;
      },
      get sqs() {
        return own.sqs;
      },
      dynamo: dynamo().client,
      ssm: () => expect.unreachable(),
      s3: () => expect.unreachable(),
      destroy: () => own.destroy(),
    };
    const queueUrl = `${stub.url}/000000000000/agents-readers`;
    const deployed = {
      schema: 1,
      record: subscriptionRecord(subscription),
      queueUrl,
      fifo: false,
      consumer: "function",
    };
    runtime = {
      env: {
        [functionVariables.bus]: JSON.stringify(config),
        [functionVariables.subscription]: JSON.stringify(deployed),
      },
      clock: systemClock,
      random: () => 0.5,
      clients: () => clients,
      write: (line) => lines.push(line),
    };
    stop = async () => {
      own.destroy();
      await stub.close();
    };
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await stop();
  });

  const task = (id: string) => anEvent({ id, type: taskAssigned.type, data: { taskId: id, instruction } });

  test("a subscriber handles, publishes with its cause, and keeps for later what failed", async () => {
    const handler = subscriberFunction(
      subscription,
      async (event: Event, { bus }: { bus: Awaited<ReturnType<typeof getBus>> }) => {
        if (event.id === "later") throw new RetryAfterError("busy", "1500ms");
        expect(await getBus()).toBe(bus);
        const { id } = event;
        await bus.publish(taskCompleted, { taskId: id });
      },
      {},
      runtime,
    );
    const { batchItemFailures } = await handler(batch("agents-readers", task("now"), task("later")), context);
    expect(batchItemFailures).toEqual([{ itemIdentifier: "message-1" }]);
    // A message never comes before its time.
    expect(hidden).toMatchObject([{ ReceiptHandle: "receipt-1", VisibilityTimeout: 2 }]);
    expect(published).toMatchObject([{ Source: "readers", DetailType: "task.completed", EventBusName: "agents" }]);
    expect(JSON.stringify(published)).toContain('\\"causationId\\":\\"now\\"');
    const metrics = lines.map((line) => logged.parse(JSON.parse(line))).find((line) => "_aws" in line);
    expect(metrics).toMatchObject({
      Bus: "agents",
      Subscription: "readers",
      [metricNames.delivered]: 1,
      [metricNames.retried]: 1,
      _aws: { CloudWatchMetrics: [{ Namespace: "Waggle", Dimensions: [["Bus", "Subscription"]] }] },
    });
    // The next invocation finds what the first one did.
    expect(await handler(batch("agents-readers", task("now")), context)).toEqual({ batchItemFailures: [] });
    expect(published).toHaveLength(1);
  });

  test("middleware runs around the handler, the first outermost", async () => {
    const ran: string[] = [];
    const named =
      (name: string): HandlerMiddleware =>
      async (_event, _context, next) => {
        ran.push(`${name} before`);
        await next();
        ran.push(`${name} after`);
      };
    const handle = ({ id }: Event) => void ran.push(id);
    const handler = subscriberFunction(subscription, handle, { use: [named("outer"), named("inner")] }, runtime);
    expect(await handler(batch("agents-readers", task("around")), context)).toEqual({ batchItemFailures: [] });
    expect(ran).toEqual(["outer before", "inner before", "around", "inner after", "outer after"]);
  });

  test("the loop guard holds by the depth that came with the event; one in `use` has other bounds", async () => {
    const codes: unknown[] = [];
    const handle = (event: Event, { bus }: { bus: Awaited<ReturnType<typeof getBus>> }) =>
      bus.publish(taskCompleted, { taskId: event.id }).catch((error) => void codes.push(error.code));
    const at = (id: string, hops: number) =>
      anEvent({ id, type: taskAssigned.type, data: { taskId: id, instruction }, metadata: { hops } });
    const byDefault = subscriberFunction(subscription, handle, {}, runtime);
    const invoke = (handler: typeof byDefault, event: Event) => handler(batch("agents-readers", event), context);
    expect(await invoke(byDefault, at("deep", 1_000))).toEqual({ batchItemFailures: [] });
    expect(codes).toEqual(["loop_detected"]);
    const wide = subscriberFunction(subscription, handle, { use: [loopGuard({ depth: 2_000 })] }, runtime);
    expect(await invoke(wide, at("meant", 1_000))).toEqual({ batchItemFailures: [] });
    expect(codes).toHaveLength(1);
    expect(JSON.stringify(published)).toContain('\\"hops\\":1001');
  });

  test("a trace goes through the queue: the function's attempt is linked to the publisher, what it publishes is below it", async () => {
    const recorder = new SpanRecorder();
    recorder.register();
    onTestFinished(() => recorder.unregister());
    published.length = 0;
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const event = anEvent({
      id: "traced",
      type: taskAssigned.type,
      data: { taskId: "traced", instruction },
      metadata: { traceparent },
    });
    const handle = (_: Event, { bus }: { bus: Awaited<ReturnType<typeof getBus>> }) =>
      bus.publish(taskCompleted, { taskId: "traced" });
    const handler = subscriberFunction(subscription, handle, { use: [tracing({ parent: "active" })] }, runtime);
    // As an instrumentation of Lambda does.
    await trace.getTracer("lambda").startActiveSpan("invocation", async (span) => {
      await handler(batch("agents-readers", event), context);
      span.end();
    });
    const attempt = recorder.one("process task.assigned");
    expect(attempt.links.map(({ context: { traceId, spanId } }) => `00-${traceId}-${spanId}-01`)).toEqual([
      traceparent,
    ]);
    expect(attempt.parentSpanContext?.spanId).toBe(recorder.one("invocation").spanContext().spanId);
    const send = recorder.one("send task.completed");
    expect(send.parentSpanContext?.spanId).toBe(attempt.spanContext().spanId);
    const { traceId, spanId } = send.spanContext();
    expect(JSON.stringify(published)).toContain(`\\"traceparent\\":\\"00-${traceId}-${spanId}-01`);
  });

  test("history records, and a handler finds it", async () => {
    const record = historyFunction({}, runtime);
    expect(await record(batch("agents-history", task("kept"), "no event"), context)).toEqual({ batchItemFailures: [] });
    const bus = await getBus();
    expect(await bus.history.get("kept")).toMatchObject({ id: "kept", data: { instruction } });
    const { deadLetters } = await bus.deadLetters.list({ code: "invalid_event" });
    expect(deadLetters).toHaveLength(1);
  });

  test("dead letters are recorded, and a handler finds them", async () => {
    const record = deadLetterFunction({}, runtime);
    expect(await record(batch("agents-readers-dlq", task("lost")), context)).toEqual({ batchItemFailures: [] });
    const { deadLetters } = await (await getBus()).deadLetters.list({ subscription: "readers" });
    expect(deadLetters).toMatchObject([{ event: { id: "lost" }, reason: { code: "process_ended" } }]);
    expect(lines.map((line) => logged.parse(JSON.parse(line)))).toContainEqual(
      expect.objectContaining({ Bus: "agents", Subscription: "readers", [metricNames.deadLetters]: 1 }),
    );
  });

  test("a watch of flows counts them, and publishes an alert for the slow one", async () => {
    published.length = 0;
    lines.length = 0;
    const now = Date.now();
    const idAt = (ms: number) => createIds({ now: () => now - ms })();
    const flow = idAt(60_000);
    const event = (id: string, type: string) => anEvent({ id, type, metadata: { correlationId: flow } });
    const [first, last] = [event(flow, "custom.a"), event(idAt(30_000), "custom.b")];
    // One that tells of the past is no flow that takes since then.
    const imported = anEvent({ id: "imported", type: "custom.a", time: "2001-01-01T00:00:00.000Z" });
    await historyFunction({}, runtime)(batch("agents-history", first, last, imported), context);
    await watchFunction({}, runtime)({ time: new Date(now + 1_000).toISOString() }, context);
    expect(published).toMatchObject([{ Source: "watch-flows", DetailType: "system.performance.alert" }]);
    expect(lines.map((line) => logged.parse(JSON.parse(line)))).toContainEqual(
      expect.objectContaining({ [metricNames.slowFlows]: 1, [metricNames.alerts]: 1 }),
    );
  });

  test("what the environment lacks is named, and the next invocation tries again", async () => {
    const env: Record<string, string | undefined> = {};
    const handler = subscriberFunction(subscription, () => {}, {}, { ...runtime, env });
    await expect(handler(batch("agents-readers"), context)).rejects.toThrow(
      "environment variable WAGGLE_AWS_SUBSCRIPTION is missing; deploy the function with the constructs of wagglebus/cdk",
    );
    Object.assign(env, runtime.env);
    expect(await handler(batch("agents-readers"), context)).toEqual({ batchItemFailures: [] });
  });

  test("a function that was deployed for another subscription says so", async () => {
    const handler = subscriberFunction({ ...subscription, name: "writers" }, () => {}, {}, runtime);
    await expect(handler(batch("agents-readers"), context)).rejects.toMatchObject({ code: "invalid_config" });
  });

  test("a subscription to a type that the catalog has not got is refused", async () => {
    const handler = subscriberFunction({ ...subscription, on: "task.asigned" }, () => {}, {}, runtime);
    await expect(handler(batch("agents-readers"), context)).rejects.toThrow('did you mean "task.assigned"?');
  });

  test.each([
    ["throttle", { throttle: { limit: 1, per: "1s" } }, {}, /reduce `concurrency`/],
    ["concurrencyPerKey", { concurrencyPerKey: { key: "data.taskId", limit: 2 } }, {}, /`ordered: "data.taskId"`/],
    ["batch", {}, { batch: { size: 10 } }, /one event at a time/],
  ])("what holds in one process only is refused: %s", (name, settings, options, fix) => {
    const make = () =>
      Reflect.apply(subscriberFunction, undefined, [{ ...subscription, ...settings }, () => {}, options, runtime]);
    expect(make).toThrow(expect.objectContaining({ code: "invalid_config", message: expect.stringMatching(fix) }));
    expect(make).toThrow(`subscription readers: ${name} is not supported in a Lambda function`);
  });

  test("what is no batch of messages is refused", async () => {
    const handler = subscriberFunction(subscription, () => {}, {}, runtime);
    await expect(handler({ Records: [{ s3: {} }] }, context)).rejects.toMatchObject({ code: "invalid_event" });
  });
});
