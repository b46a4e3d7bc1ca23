import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { context, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import type { Middleware } from "../../lib/bus/middleware.ts";
import { connect } from "../../lib/connect/index.ts";
import { BusError } from "../../lib/error/bus-error.ts";
import { tracing } from "../../lib/telemetry/index.ts";
import { root, startNode } from "../e2e/start-node.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { serve } from "../unit/server/serve.ts";
import { buildCollector, type Collector } from "./build-collector.ts";
import { startCollector } from "./start-collector.ts";

/** Before any event of the test. */
const start = "2026-01-01T00:00:00Z";

let collector: Collector;
// The first build on a machine compiles all of the collector.
beforeAll(() => {
  collector = buildCollector();
}, 900_000);

const value = z.union([
  z.object({ stringValue: z.string() }).transform(({ stringValue }) => stringValue),
  z.object({ intValue: z.string() }).transform(({ intValue }) => Number(intValue)),
  z.object({ arrayValue: z.unknown() }),
]);
const attributes = z
  .array(z.object({ key: z.string(), value }))
  .default([])
  .transform((list) => Object.fromEntries(list.map((one) => [one.key, one.value])));
const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.int(),
  attributes,
  links: z.array(z.object({ spanId: z.string() })).default([]),
  status: z.object({ code: z.int().optional(), message: z.string().optional() }).optional(),
});
type Span = z.infer<typeof spanSchema>;
const exported = z.object({
  resourceSpans: z.array(
    z.object({
      scopeSpans: z.array(
        z.object({
          scope: z.object({ name: z.string() }),
          schemaUrl: z.string().optional(),
          spans: z.array(spanSchema),
        }),
      ),
    }),
  ),
});

/** What stands behind the collector, as a backend does, and keeps the spans that the collector has made of what it was sent. */
async function startBackend() {
  const spans: (Span & { scope: string; schemaUrl: string | undefined })[] = [];
  const changed = new EventTarget();
  const server = createServer(async (request, response) => {
    const { resourceSpans } = exported.parse(JSON.parse(await text(request)));
    for (const { scope, schemaUrl, spans: some } of resourceSpans.flatMap(({ scopeSpans }) => scopeSpans)) {
      spans.push(...some.map((one) => ({ ...one, scope: scope.name, schemaUrl })));
    }
    response.setHeader("content-type", "application/json").end("{}");
    changed.dispatchEvent(new Event("spans"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close().closeAllConnections());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has an address and a port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    /** The first of a name that `matches`, once it is there. */
    async span(name: string, matches: (span: Span) => boolean = () => true) {
      for (;;) {
        const found = spans.find((one) => one.name === name && matches(one));
        if (found !== undefined) return found;
        await once(changed, "spans");
      }
    },
  };
}

/** `waggle serve --otlp-in`, the command itself. */
async function startCommand(folder: string): Promise<string> {
  const url = Promise.withResolvers<string>();
  const args = ["serve", "--engine", "memory", "--port", "0", "--otlp-in", "--json"];
  const { ended, kill } = startNode(folder, `${root}dist/bin/waggle.js`, args, (line) => {
    const parsed = z.object({ url: z.string() }).safeParse(JSON.parse(line));
    if (parsed.success) url.resolve(parsed.data.url);
  });
  ended.then(({ stderr }) => url.reject(new Error(stderr)), url.reject);
  onTestFinished(async () => {
    kill("SIGTERM");
    await ended;
  });
  return url.promise;
}

/** The SDK, registered for the whole process, exporting to the collector. */
function startSdk(url: string) {
  const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
  const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  onTestFinished(async () => {
    trace.disable();
    context.disable();
    await provider.shutdown();
  });
  return provider;
}

afterAll(() => {
  if ("missing" in collector) process.stderr.write(`waggle: nothing was sent to a collector: ${collector.missing}\n`);
});

test("a real collector takes the spans of a bus, and hands those of agents to waggle serve --otlp-in", async ({
  skip,
}) => {
  if ("missing" in collector) return skip(collector.missing);
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const backend = await startBackend();
  let refused = 0;
  // The first request fails for now, and the collector sends it again.
  const busy: Middleware = {
    publish: (entry, next) => {
      refused += 1;
      if (refused === 1) throw new BusError("unavailable", "not yet");
      return next(entry);
    },
  };
  const served = await serve({ otlpIn: true }, { use: [busy] });
  const command = await startCommand(path);
  const { url, stop } = await startCollector(collector.program, path, {
    backend: { url: backend.url, encoding: "json", compression: "none" },
    waggle: { url: served.url, encoding: "proto", compression: "gzip" },
    command: { url: command, encoding: "json", compression: "gzip" },
  });
  onTestFinished(stop);
  const provider = startSdk(url);

  const bus = await connect({ engine: "memory", source: "crew", logLevel: "silent", use: [tracing()] });
  await bus.subscribe(
    { name: "readers", on: "task.created", attempts: 2, backoff: { from: 1, to: 1 } },
    (_, { attempt }) => {
      if (attempt === 1) throw new TypeError("no such page");
    },
  );
  const created = await bus.emit.task.created({ taskId: "1" });
  await bus.settled(created.id);
  await bus.emit.llm.call.completed({ model: "model-1", inputTokens: 12, outputTokens: 3, durationMs: 20 });
  await bus.close();
  const agents = trace.getTracer("agent-sdk");
  const agent = agents.startSpan("invoke_agent reader", {
    attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "reader" },
  });
  agents
    .startSpan(
      "execute_tool search",
      { attributes: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search" } },
      trace.setSpan(ROOT_CONTEXT, agent),
    )
    .end();
  agent.end();
  await provider.forceFlush();

  const send = await backend.span("send task.created");
  expect(send).toMatchObject({
    scope: "wagglebus",
    schemaUrl: "https://opentelemetry.io/schemas/1.45.0",
    // OTLP's numbers are one more than the API's.
    kind: SpanKind.PRODUCER + 1,
    attributes: { "messaging.operation.type": "send", "messaging.message.id": created.id },
  });
  expect(created.metadata.traceparent).toBe(`00-${send.traceId}-${send.spanId}-01`);
  const failed = await backend.span("process task.created", (one) => one.attributes["waggle.delivery.attempt"] === 1);
  expect(failed).toMatchObject({
    kind: SpanKind.CONSUMER + 1,
    attributes: { "error.type": "TypeError", "messaging.destination.subscription.name": "readers" },
    links: [{ spanId: send.spanId }],
    status: { code: 2, message: "no such page" },
  });
  const second = await backend.span("process task.created", (one) => one.attributes["waggle.delivery.attempt"] === 2);
  expect(second.traceId).not.toBe(failed.traceId);
  expect((await backend.span("deliver task.created")).parentSpanId).toBe(send.spanId);
  expect((await backend.span("chat model-1")).attributes).toMatchObject({ "gen_ai.usage.input_tokens": 12 });

  // What the middleware made of events does not become events again.
  const flow = agent.spanContext().traceId;
  const where = { metadata: { correlationId: [flow] } };
  const both = { all: ["execution.completed", "tool.call.completed"].map((on) => ({ on, where })) };
  await served.bus.waitFor(both, { since: start, timeout: "2m" });
  const { events } = await served.bus.history.query({});
  expect(events.map(({ type, metadata }) => [type, metadata.correlationId]).sort()).toEqual([
    ["execution.completed", flow],
    ["tool.call.completed", flow],
  ]);
  expect(refused).toBeGreaterThan(2);
  const ofCommand = await fetch(`${command}/v1/wait`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ for: both, since: start, timeout: "2m" }),
  });
  expect(ofCommand.status, await ofCommand.clone().text()).toBe(200);
});
