import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { BusError } from "../../../lib/index.ts";
import type { Grant } from "../../../lib/server/access/grant.ts";
import { TokenFile } from "../../../lib/server/access/token-file.ts";
import { createToken } from "../../../lib/server/access/tokens.ts";
import { loadTraceCodec } from "../../../lib/telemetry/otlp/protobuf.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { serve } from "./serve.ts";

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const traceId = "0af7651916cd43dd8448eb211c80319c";

function span(spanId: string, attributes: object[], more: object = {}) {
  return {
    traceId,
    spanId,
    name: "x",
    startTimeUnixNano: "1767225600000000000",
    endTimeUnixNano: "1767225601500000000",
    attributes,
    ...more,
  };
}

function request(...spans: object[]) {
  const resource = { attributes: [text("service.name", "crew")] };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "agent-sdk" }, spans }] }] };
}

const tool = (spanId: string, name = "search") =>
  span(spanId, [text("gen_ai.operation.name", "execute_tool"), text("gen_ai.tool.name", name)]);
const other = (spanId: string) => span(spanId, [text("http.request.method", "GET")]);

test("the official exporter's spans become events: a model's call, a tool, an agent", async () => {
  const { bus, url } = await serve({ otlpIn: true });
  const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  onTestFinished(() => provider.shutdown());
  const tracer = provider.getTracer("agent-sdk");
  const at = (ms: number) => Date.parse("2026-01-01T00:00:00Z") + ms;
  const agent = tracer.startSpan("invoke_agent reader", {
    startTime: at(0),
    attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "reader" },
  });
  const within = trace.setSpan(ROOT_CONTEXT, agent);
  const chat = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "model-1",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 12,
    "gen_ai.usage.output_tokens": 3,
    "gen_ai.request.temperature": 0.5,
  };
  tracer.startSpan("chat", { kind: SpanKind.CLIENT, startTime: at(10), attributes: chat }, within).end(at(1_510));
  const failed = tracer.startSpan(
    "chat",
    { startTime: at(10), attributes: { ...chat, "error.type": "timeout" } },
    within,
  );
  failed.setStatus({ code: SpanStatusCode.ERROR, message: "too slow" });
  failed.end(at(20));
  agent.end(at(2_000));
  await provider.forceFlush();
  const { events } = await bus.history.query({ correlationId: agent.spanContext().traceId });
  expect(events).toHaveLength(3);
  // A request each, all on their way at once.
  const of = (type: string) => events.find((event) => event.type === type);
  const ended = of("execution.completed");
  const late = of("llm.call.failed");
  const answered = of("llm.call.completed");
  expect(answered).toMatchObject({
    source: expect.stringContaining("unknown_service"),
    time: "2026-01-01T00:00:01.510Z",
    data: {
      model: "model-1",
      provider: "anthropic",
      inputTokens: 12,
      outputTokens: 3,
      finishReason: "stop",
      durationMs: 1_500,
      isError: false,
      attributes: chat,
    },
    metadata: { causationId: ended?.id },
  });
  expect(late?.data).toMatchObject({ isError: true, error: "too slow" });
  expect(ended).toMatchObject({ data: { executionId: ended?.id, durationMs: 2_000 }, metadata: { agentId: "reader" } });
});

test("what an exporter sends again is published once; other spans and Waggle's own are counted and left out", async () => {
  const { bus, send, get } = await serve({ otlpIn: true });
  const own = { scopeSpans: [{ scope: { name: "wagglebus" }, spans: [tool("00000000000000a9")] }] };
  const given = request(tool("00000000000000a1"), other("00000000000000a2"));
  for (const body of [given, given, { resourceSpans: [own] }]) {
    expect(await send("POST", "/v1/traces", body)).toMatchObject({ status: 200, json: {} });
  }
  const { events } = await bus.history.query({});
  expect(events.map(({ id, source }) => [id, source])).toEqual([[`otlp-${traceId}-00000000000000a1`, "crew"]]);
  const { text: metrics } = await get("/metrics");
  expect(metrics).toContain('waggle_otlp_spans_total{outcome="accepted"} 2\n');
  expect(metrics).toContain('waggle_otlp_spans_total{outcome="ignored"} 3\n');
});

test("a span that the bus refuses is told as a partial success, in the form of the request", async () => {
  const { bus, send, url } = await serve({ otlpIn: true });
  await send("POST", "/v1/traces", request(tool("00000000000000a1")));
  const body = request(tool("00000000000000a1", "another"), tool("00000000000000a2"));
  const { status, json } = await send("POST", "/v1/traces", body);
  expect(status).toBe(200);
  expect(json).toEqual({
    partialSuccess: { rejectedSpans: "1", errorMessage: expect.stringMatching(/^conflict: /) },
  });
  const { events } = await bus.history.query({});
  expect(events).toHaveLength(2);
  const codec = await loadTraceCodec();
  const garbage = await fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body: Buffer.from([0x0a, 0x7f, 0x01]),
  });
  expect([garbage.status, garbage.headers.get("content-type")]).toEqual([400, "application/x-protobuf"]);
  expect(Buffer.from(await garbage.arrayBuffer())).toEqual(
    Buffer.from(codec.encodeStatus({ code: 3, message: "the body is no OTLP request in its binary form" })),
  );
});

test("an engine that is busy has the exporter send all of it again", async () => {
  const { send } = await serve(
    { otlpIn: true },
    {
      use: [
        {
          publish: () => {
            throw new BusError("unavailable", "the disk is full");
          },
        },
      ],
    },
  );
  const { status, headers, json } = await send("POST", "/v1/traces", request(tool("00000000000000a1")));
  expect([status, headers.get("retry-after"), json]).toEqual([503, "1", { code: 14, message: "the disk is full" }]);
});

test("gzip is unpacked, within the limit of a body", async () => {
  const { url } = await serve({ otlpIn: true, bodyLimit: 4_096 });
  const post = (body: Uint8Array, encoding = "gzip") =>
    fetch(`${url}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": encoding },
      body: Buffer.from(body),
    });
  const packed = (value: object) => gzipSync(JSON.stringify(value));
  expect((await post(packed(request(tool("00000000000000a1"))))).status).toBe(200);
  const bomb = packed(request(tool("00000000000000a1", "x".repeat(1_000_000))));
  expect(bomb.length).toBeLessThan(4_096);
  expect((await post(bomb)).status).toBe(413);
  expect((await post(Buffer.from("{}"))).status).toBe(400);
  expect((await post(Buffer.from("{}"), "br")).status).toBe(415);
});

test("only with --otlp-in, and only with the role publish, as the source of the token", async () => {
  const closed = await serve();
  const body = request(tool("00000000000000a1"));
  expect(await closed.send("POST", "/v1/traces", body)).toMatchObject({
    status: 404,
    json: { detail: "this server takes no spans; start it with waggle serve --otlp-in" },
  });
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const tokenFile = join(path, "tokens.json");
  const tokens = new TokenFile(tokenFile);
  const add = async (grant: Grant) => {
    const { text: token, stored } = createToken(grant, { now: Date.now(), expiresAt: Date.now() + 600_000 });
    await tokens.add(stored, 0);
    return { authorization: `Bearer ${token}` };
  };
  const reader = await add({ roles: ["subscribe"] });
  const writer = await add({ roles: ["publish"], source: "sdk" });
  const { bus, send } = await serve({ otlpIn: true, tokenFile, needsToken: true });
  expect((await send("POST", "/v1/traces", body)).status).toBe(401);
  expect((await send("POST", "/v1/traces", body, reader)).status).toBe(403);
  expect((await send("POST", "/v1/traces", body, writer)).status).toBe(200);
  const { events } = await bus.history.query({});
  expect(events.map(({ source }) => source)).toEqual(["sdk"]);
});

test("any bytes are answered, never a failure of the server", async () => {
  const { url } = await serve({ otlpIn: true });
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom("application/x-protobuf", "application/json"),
      async (bytes, type) => {
        const body = Buffer.from(bytes);
        const { status } = await fetch(`${url}/v1/traces`, { method: "POST", headers: { "content-type": type }, body });
        expect([200, 400]).toContain(status);
      },
    ),
    { numRuns: 100 },
  );
});
