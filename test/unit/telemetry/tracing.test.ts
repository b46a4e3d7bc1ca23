import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { steps } from "../../../lib/agents/index.ts";
import type { Middleware } from "../../../lib/bus/middleware.ts";
import type { StandardEvents } from "../../../lib/catalog/index.ts";
import { connect } from "../../../lib/connect/index.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { tracing } from "../../../lib/telemetry/index.ts";
import { SpanRecorder } from "../../support/span-recorder.ts";

const recorder = new SpanRecorder();
beforeEach(() => recorder.register());
afterEach(() => recorder.unregister());

function open(use: Middleware[]) {
  return connect({ engine: "memory", source: "crew", logLevel: "silent", use });
}

test("a publish is a producer span whose context goes with the event, and an attempt is linked to it", async () => {
  const bus = await open([tracing()]);
  await bus.subscribe({ name: "readers", on: "task.created" }, () => {});
  const event = await bus.emit.task.created({ taskId: "1" });
  await bus.settled(event.id);
  await bus.close();
  const send = recorder.one("send task.created");
  const process = recorder.one("process task.created");
  expect(send.kind).toBe(SpanKind.PRODUCER);
  expect(send.attributes).toEqual({
    "messaging.system": "waggle",
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
    "messaging.destination.name": "task.created",
    "messaging.message.id": event.id,
    "messaging.message.conversation_id": event.id,
  });
  const { traceId, spanId } = send.spanContext();
  expect(event.metadata.traceparent).toBe(`00-${traceId}-${spanId}-01`);
  expect(process.kind).toBe(SpanKind.CONSUMER);
  expect(process.attributes).toMatchObject({
    "messaging.operation.type": "process",
    "messaging.destination.subscription.name": "readers",
    "messaging.message.id": event.id,
    "waggle.delivery.attempt": 1,
  });
  expect(process.parentSpanContext).toBeUndefined();
  expect(process.spanContext().traceId).not.toBe(traceId);
  expect(process.links.map(({ context }) => [context.traceId, context.spanId])).toEqual([[traceId, spanId]]);
  expect(send.instrumentationScope).toMatchObject({
    name: "wagglebus",
    schemaUrl: "https://opentelemetry.io/schemas/1.45.0",
  });
});

test("the time before the first attempt is a span in the publisher's trace, with a link to the attempt", async () => {
  const bus = await open([tracing()]);
  await bus.subscribe({ name: "readers", on: "task.created" }, () => {});
  const event = await bus.emit.task.created({ taskId: "1" });
  await bus.settled(event.id);
  await bus.close();
  const deliver = recorder.one("deliver task.created");
  const process = recorder.one("process task.created");
  expect(deliver.parentSpanContext?.spanId).toBe(recorder.one("send task.created").spanContext().spanId);
  expect(deliver.links[0]?.context.spanId).toBe(process.spanContext().spanId);
  expect(deliver.attributes).not.toHaveProperty("messaging.operation.type");
});

test("each attempt is a span, and one that failed says by what", async () => {
  const bus = await open([tracing()]);
  await bus.subscribe(
    { name: "readers", on: "task.created", attempts: 3, backoff: { from: 1, to: 1 } },
    (_, { attempt }) => {
      if (attempt === 1) throw new TypeError("no such field");
      if (attempt === 2) throw new BusError("unavailable", "the index is down");
    },
  );
  const { id } = await bus.emit.task.created({ taskId: "1" });
  await bus.settled(id);
  await bus.close();
  expect(
    recorder
      .named("process task.created")
      .map(({ attributes, status }) => [attributes["waggle.delivery.attempt"], attributes["error.type"], status]),
  ).toEqual([
    [1, "TypeError", { code: SpanStatusCode.ERROR, message: "no such field" }],
    [2, "unavailable", { code: SpanStatusCode.ERROR, message: "the index is down" }],
    [3, undefined, { code: SpanStatusCode.UNSET }],
  ]);
  expect(recorder.named("deliver task.created")).toHaveLength(1);
});

test("an attempt that waits has not failed", async () => {
  const bus = await open([tracing()]);
  await bus.subscribe({ name: "readers", on: "task.created" }, async () => steps(bus).sleep("a moment", "500ms"));
  const { id } = await bus.emit.task.created({ taskId: "1" });
  await bus.settled(id);
  await bus.close();
  const all = recorder.named("process task.created");
  expect(all.length).toBeGreaterThan(1);
  expect(all.map(({ status }) => status.code)).toEqual(all.map(() => SpanStatusCode.UNSET));
  // However often its attempt begins again, an event has waited for the first of them once.
  expect(recorder.named("deliver task.created")).toHaveLength(1);
});

test("what a handler publishes is a child of its attempt, and so is any span of its own", async () => {
  const bus = await open([tracing()]);
  await bus.subscribe({ name: "readers", on: "task.created" }, async (event, { bus: own }) => {
    trace.getTracer("app").startSpan("read").end();
    await own.emit.task.completed({ taskId: event.data.taskId });
  });
  const { id } = await bus.emit.task.created({ taskId: "1" });
  await bus.settled(id);
  await bus.close();
  const process = recorder.one("process task.created").spanContext();
  for (const name of ["read", "send task.completed"]) {
    expect(recorder.one(name).parentSpanContext?.spanId, name).toBe(process.spanId);
  }
});

test.each([
  ["producer", "send task.created"],
  ["active", "invocation"],
] as const)("with parent %s an attempt hangs below the span %s", async (parent, above) => {
  // Outermost, as an instrumentation of the function is.
  const invocation: Middleware = {
    handle: (_event, _context, next) =>
      trace.getTracer("app").startActiveSpan("invocation", (span) => next().finally(() => span.end())),
  };
  const bus = await open([invocation, tracing({ parent })]);
  await bus.subscribe({ name: "readers", on: "task.created" }, () => {});
  const { id } = await bus.emit.task.created({ taskId: "1" });
  await bus.settled(id);
  await bus.close();
  expect(recorder.one("process task.created").parentSpanContext?.spanId).toBe(recorder.one(above).spanContext().spanId);
});

test("a context that the publisher gives stays with the event, and is linked", async () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const bus = await open([tracing()]);
  const event = await bus.emit.task.created({ taskId: "1" }, { metadata: { traceparent, tracestate: "vendor=x" } });
  await bus.close();
  expect(event.metadata).toMatchObject({ traceparent, tracestate: "vendor=x" });
  const [link] = recorder.one("send task.created").links;
  expect([link?.context.spanId, link?.context.traceState?.serialize()]).toEqual(["b7ad6b7169203331", "vendor=x"]);
});

test("a publish that fails, and one of a stored id, say so", async () => {
  const refuse: Middleware = {
    publish: () => {
      throw new BusError("throttled", "too many");
    },
  };
  const refused = await open([tracing(), refuse]);
  await expect(refused.emit.task.created({ taskId: "1" })).rejects.toThrow("too many");
  await refused.close();
  expect(recorder.one("send task.created")).toMatchObject({
    attributes: { "error.type": "throttled" },
    status: { code: SpanStatusCode.ERROR, message: "too many" },
  });
  const bus = await open([tracing()]);
  const draft = { type: "tool.call.completed", id: "one", data: { toolName: "search" } } as const;
  const first = await bus.publish(draft);
  expect(await bus.publish(draft)).toEqual(first);
  await bus.close();
  expect(
    recorder.named("send tool.call.completed").map(({ attributes }) => attributes["waggle.publish.duplicate"]),
  ).toEqual([undefined, true]);
  expect(recorder.named("execute_tool search")).toHaveLength(1);
});

test("a batch is one span, linked to the publishes of its events, which tells which of them failed", async () => {
  const bus = await open([tracing()]);
  await bus.subscribe(
    { name: "readers", on: ["task.created", "custom.done"], attempts: 1 },
    async (events, { bus: own, fail }) => {
      for (const event of events) if (event.id === "2") fail(event, new RangeError("the second"));
      await own.publish({ type: "custom.read", data: {}, id: `read-${events[0]?.id}` });
    },
    { batch: { size: 2 } },
  );
  const drafts = ["1", "2"].map((taskId) => ({ type: "task.created" as const, id: taskId, data: { taskId } }));
  const results = await bus.publishAll(drafts);
  for (const result of results) if (result.ok) await bus.settled(result.event.id);
  const mixed = (["task.created", "custom.done"] as const).map((type) => ({ type, id: type, data: { taskId: type } }));
  for (const result of await bus.publishAll(mixed)) if (result.ok) await bus.settled(result.event.id);
  await bus.close();
  const ids = results.map((result) => (result.ok ? result.event.metadata.traceparent?.split("-")[2] : undefined));
  const span = recorder.one("process task.created");
  expect(span.kind).toBe(SpanKind.CONSUMER);
  expect(span.links.map(({ context }) => context.spanId)).toEqual(ids);
  expect(span.parentSpanContext).toBeUndefined();
  expect(span.attributes).toEqual({
    "messaging.system": "waggle",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.batch.message_count": 2,
    "messaging.destination.subscription.name": "readers",
    "messaging.destination.name": "task.created",
    "error.type": "RangeError",
  });
  expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: "1 of 2 events failed" });
  expect(span.events.map(({ attributes, name }) => ({ name, ...attributes }))).toEqual([
    { name: "waggle.delivery.failed", "messaging.message.id": "2", "error.type": "RangeError" },
  ]);
  const deliveries = recorder.named("deliver task.created").slice(0, 2);
  expect(deliveries.map(({ links }) => links[0]?.context.spanId)).toEqual([
    span.spanContext().spanId,
    span.spanContext().spanId,
  ]);
  // What the handler publishes belongs to it.
  const [read] = recorder.named("send custom.read");
  expect(read?.parentSpanContext?.spanId).toBe(span.spanContext().spanId);
  const other = recorder.one("process");
  expect(other.links).toHaveLength(2);
  expect(other.attributes).not.toHaveProperty("messaging.destination.name");
  expect(other.status.code).toBe(SpanStatusCode.UNSET);
});

test("a batch whose handler throws has failed as a whole", async () => {
  const bus = await open([tracing()]);
  await bus.subscribe(
    { name: "readers", on: "task.created", attempts: 1 },
    () => {
      throw new RangeError("all of them");
    },
    { batch: { size: 2 } },
  );
  const results = await bus.publishAll(["1", "2"].map((taskId) => ({ type: "task.created", data: { taskId } })));
  for (const result of results) if (result.ok) await bus.settled(result.event.id);
  await bus.close();
  const span = recorder.one("process task.created");
  expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: "all of them" });
  expect(span.attributes["error.type"]).toBe("RangeError");
});

test("what an event reports of a model's, a tool's or an agent's work is a span of that work", async () => {
  const bus = await open([tracing()]);
  const time = "2026-01-01T00:00:02.000Z";
  const metadata = { correlationId: "run", agentId: "reader" };
  const publish = (type: keyof StandardEvents, data: object) => bus.publish({ type, time, data, metadata });
  const usage = { inputTokens: 12, outputTokens: 3, cachedTokens: 4, finishReason: "stop" };
  await publish("llm.call.completed", { model: "model-1", provider: "anthropic", durationMs: 1_500, ...usage });
  await publish("llm.call.failed", { model: "model-2", error: { code: "overloaded", message: "later" } });
  await publish("tool.call.completed", { toolName: "search", toolUseId: "call-1", isError: true, result: "secret" });
  await publish("agent.task.completed", { agentId: "writer", taskId: "1" });
  await publish("execution.completed", { executionId: "run-1" });
  await bus.close();
  const chat = recorder.one("chat model-1");
  expect(chat.kind).toBe(SpanKind.CLIENT);
  expect([chat.startTime, chat.endTime]).toEqual([
    [1_767_225_600, 500_000_000],
    [1_767_225_602, 0],
  ]);
  expect(chat.attributes).toEqual({
    "gen_ai.operation.name": "chat",
    "gen_ai.conversation.id": "run",
    "gen_ai.agent.name": "reader",
    "gen_ai.request.model": "model-1",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.usage.input_tokens": 12,
    "gen_ai.usage.output_tokens": 3,
    "gen_ai.usage.cache_read.input_tokens": 4,
    "gen_ai.response.finish_reasons": ["stop"],
  });
  expect(recorder.one("chat model-2")).toMatchObject({
    attributes: { "error.type": "overloaded" },
    status: { code: SpanStatusCode.ERROR, message: "later" },
  });
  const tool = recorder.one("execute_tool search");
  expect(tool.attributes).toMatchObject({ "gen_ai.tool.call.id": "call-1", "error.type": "_OTHER" });
  expect(JSON.stringify(tool.attributes)).not.toContain("secret");
  expect(recorder.one("invoke_agent reader").attributes).toMatchObject({ "gen_ai.agent.name": "reader" });
  expect(recorder.one("invoke_agent writer").attributes).toMatchObject({ "gen_ai.agent.name": "writer" });
});

test("without an SDK nothing changes, and an SDK that is registered later counts from then on", async () => {
  recorder.unregister();
  const bus = await open([tracing()]);
  const before = await bus.emit.task.created({ taskId: "1" });
  expect(before.metadata.traceparent).toBeUndefined();
  recorder.register();
  const after = await bus.emit.task.created({ taskId: "2" });
  await bus.close();
  expect(after.metadata.traceparent).toBeDefined();
  expect(recorder.one("send task.created").attributes["messaging.message.id"]).toBe(after.id);
});

test("a misspelt option is refused", () => {
  expect(() => tracing(JSON.parse('{"parent":"link"}'))).toThrow(
    'tracing: parent must be one of none, producer, active, not "link"',
  );
});
