import { generateText, stepCountIs, streamText, tool, wrapLanguageModel } from "ai";
import { convertArrayToReadableStream, MockLanguageModelV4 } from "ai/test";
import { expect, test } from "vitest";
import * as z from "zod";
import { execution, publishModelCalls, publishToolCalls, type Run } from "../../../lib/adapters/ai-sdk.ts";
import { coalesce } from "../../../lib/index.ts";
import { testBus } from "../../../lib/testing/index.ts";
import { recordOf } from "./record-of.ts";

const prices = { "test-model": { input: 3, output: 15, cachedInput: 0.3 } };
const usage = (input: number, output: number, cacheRead = 0) => ({
  inputTokens: { total: input, noCache: input - cacheRead, cacheRead, cacheWrite: 0 },
  outputTokens: { total: output, text: output, reasoning: 0 },
});
const finish = (reason: "stop" | "tool-calls") => ({ unified: reason, raw: reason });

/** Asks for a search, then answers. */
const searching = () =>
  new MockLanguageModelV4({
    modelId: "test-model",
    provider: "test",
    doGenerate: [
      {
        content: [{ type: "tool-call", toolCallId: "call-1", toolName: "search", input: '{"query":"bees"}' }],
        finishReason: finish("tool-calls"),
        usage: usage(1_000, 100),
        warnings: [],
      },
      {
        content: [{ type: "text", text: "Bees dance." }],
        finishReason: finish("stop"),
        usage: usage(2_000, 200, 1_000),
        warnings: [],
      },
    ],
  });

const search = tool({
  inputSchema: z.object({ query: z.string() }),
  execute: async ({ query }) => ({ found: `what ${query} do` }),
});

const ask = (run: Run, model: MockLanguageModelV4, execute = search.execute) =>
  generateText({
    model: wrapLanguageModel({ model, middleware: publishModelCalls(run) }),
    prompt: "What do bees do?",
    tools: { search: { ...search, execute } },
    stopWhen: stepCountIs(3),
    maxRetries: 0,
    telemetry: { integrations: [publishToolCalls(run)] },
  });

test("a run of the AI SDK with a tool is the events that were recorded", async () => {
  const bus = testBus();
  const text = await execution(bus, { flow: "f1", agentId: "asker", input: "bees", prices }, async (run) => {
    return (await ask(run, searching())).text;
  });
  expect(text).toBe("Bees dance.");
  await expect(recordOf(bus.published)).toMatchFileSnapshot("../../fixtures/adapters/ai-sdk.jsonl");
  const { events } = await bus.history.query({ type: "llm.call.completed", order: "oldest" });
  expect(events.map(({ data }) => Object(data).cost)).toEqual([0.0045, 0.0063]);
});

test("what streams is published as deltas, joined by `coalesce`, before the end of the call", async () => {
  const bus = testBus({ use: [coalesce()] });
  const model = new MockLanguageModelV4({
    modelId: "test-model",
    provider: "test",
    doStream: {
      stream: convertArrayToReadableStream([
        { type: "stream-start", warnings: [] },
        { type: "reasoning-start", id: "r" },
        { type: "reasoning-delta", id: "r", delta: "Bees…" },
        { type: "reasoning-end", id: "r" },
        { type: "text-start", id: "t" },
        { type: "text-delta", id: "t", delta: "Bees " },
        { type: "text-delta", id: "t", delta: "dance." },
        { type: "text-end", id: "t" },
        { type: "finish", usage: usage(10, 2), finishReason: finish("stop") },
      ]),
    },
  });
  await execution(bus, { flow: "f2", prices }, async (run) => {
    const { text } = streamText({
      model: wrapLanguageModel({ model, middleware: publishModelCalls(run) }),
      prompt: "What do bees do?",
    });
    return await text;
  });
  await expect(recordOf(bus.published)).toMatchFileSnapshot("../../fixtures/adapters/ai-sdk-stream.jsonl");
});

test("a model and a tool that fail are told, and the execution fails with them", async () => {
  const bus = testBus();
  const model = new MockLanguageModelV4({
    modelId: "test-model",
    doGenerate: () => Promise.reject(new Error("overloaded")),
  });
  await expect(execution(bus, {}, async (run) => (await ask(run, model)).text)).rejects.toThrow("overloaded");
  await execution(bus, {}, async (run) => {
    const failing = () => Promise.reject(new Error("no such index"));
    return (await ask(run, searching(), failing)).text;
  });
  const told = bus.published.flatMap(({ type, data }) => {
    const { error, isError, result } = Object(data);
    return error !== undefined || isError === true ? [[type, error ?? result]] : [];
  });
  expect(told).toEqual([
    ["llm.call.failed", "overloaded"],
    ["execution.failed", "overloaded"],
    ["tool.call.completed", "no such index"],
  ]);
});

test("a stream that breaks off is a call that failed", async () => {
  const bus = testBus();
  const stream = ReadableStream.from(
    (async function* () {
      yield { type: "text-start" as const, id: "t" };
      yield { type: "text-delta" as const, id: "t", delta: "Bees" };
      throw new Error("connection reset");
    })(),
  );
  const model = new MockLanguageModelV4({ modelId: "test-model", doStream: { stream } });
  const streamed = execution(bus, {}, async (run) => {
    const middleware = publishModelCalls(run);
    const { fullStream } = streamText({
      model: wrapLanguageModel({ model, middleware }),
      prompt: "?",
      onError: () => {},
    });
    for await (const _ of fullStream);
    return null;
  });
  await expect(streamed).rejects.toThrow("connection reset");
  expect(bus.published.map(({ type }) => type)).toEqual([
    "execution.started",
    "llm.call.started",
    "llm.text.delta",
    "llm.call.failed",
    "execution.failed",
  ]);
});

test("a stream that never begins is a call that failed", async () => {
  const bus = testBus();
  const model = new MockLanguageModelV4({
    modelId: "test-model",
    doStream: () => Promise.reject(new Error("overloaded")),
  });
  await execution(bus, {}, async (run) => {
    const middleware = publishModelCalls(run);
    const { text } = streamText({
      model: wrapLanguageModel({ model, middleware }),
      prompt: "?",
      maxRetries: 0,
      onError: () => {},
    });
    return await Promise.resolve(text).catch(() => null);
  });
  const failed = bus.published.find(({ type }) => type === "llm.call.failed");
  expect(Object(failed?.data).error).toBe("overloaded");
});
