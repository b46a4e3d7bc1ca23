import type { Model, ModelResponse, Runner as SdkRunner, StreamEvent } from "@openai/agents";
import { expect, test } from "vitest";
import * as z from "zod";
import { execution, publishAgentEvents, publishModelCalls, type Run } from "../../../lib/adapters/openai-agents.ts";
import { coalesce } from "../../../lib/index.ts";
import { testBus } from "../../../lib/testing/index.ts";
import { withoutListeners } from "../../support/without-listeners.ts";
import { recordOf } from "./record-of.ts";

const { Agent, Runner, Usage, tool } = await withoutListeners(() => import("@openai/agents"));

type Output = Extract<StreamEvent, { type: "response_done" }>["response"]["output"];

const prices = { "test-model": { input: 2, output: 8 } };

/** Gives one list of items after the other, each by 100 tokens for 10. */
class FakeModel implements Model {
  readonly #turns: Output[];
  constructor(turns: Output[]) {
    this.#turns = [...turns];
  }
  #next(): Output {
    const output = this.#turns.shift();
    if (output === undefined) throw new Error("overloaded");
    return output;
  }
  async getResponse(): Promise<ModelResponse> {
    return { usage: new Usage({ inputTokens: 100, outputTokens: 10, totalTokens: 110 }), output: this.#next() };
  }
  async *getStreamedResponse(): AsyncIterable<StreamEvent> {
    const output = this.#next();
    yield { type: "response_started" };
    yield { type: "output_text_delta", delta: "Bees " };
    yield { type: "output_text_delta", delta: "dance." };
    const usage = { inputTokens: 100, outputTokens: 10, totalTokens: 110, inputTokensDetails: { cached_tokens: 40 } };
    yield { type: "response_done", response: { id: "r1", usage, output } };
  }
}

const says = (text: string): Output[number] => ({
  type: "message",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text }],
});
const calls = (name: string, callId: string, input: object): Output[number] => ({
  type: "function_call",
  name,
  callId,
  status: "completed",
  arguments: JSON.stringify(input),
});

const search = tool({
  name: "search",
  description: "Searches.",
  parameters: z.object({ query: z.string() }),
  execute: ({ query }) => `what ${query} do`,
});
const writer = new Agent({ name: "writer", model: "test-model" });
const researcher = new Agent({ name: "researcher", model: "test-model", tools: [search], handoffs: [writer] });

function runnerFor(run: Run, turns: Output[]): SdkRunner {
  const model = new FakeModel(turns);
  const modelProvider = publishModelCalls(run, { getModel: () => model });
  const runner = new Runner({ modelProvider, tracingDisabled: true });
  publishAgentEvents(run, runner);
  return runner;
}

test("a run of the Agents SDK with a tool and a handoff is the events that were recorded", async () => {
  const bus = testBus();
  const output = await execution(bus, { flow: "f1", agentId: "researcher", prices }, async (run) => {
    const runner = runnerFor(run, [
      [calls("search", "call-1", { query: "bees" })],
      [calls("transfer_to_writer", "call-2", {})],
      [says("Bees dance.")],
    ]);
    return (await runner.run(researcher, "What do bees do?")).finalOutput ?? null;
  });
  expect(output).toBe("Bees dance.");
  await expect(recordOf(bus.published)).toMatchFileSnapshot("../../fixtures/adapters/openai-agents.jsonl");
});

test("what streams is published as deltas before the end of the call", async () => {
  const bus = testBus({ use: [coalesce()] });
  await execution(bus, { flow: "f2", prices }, async (run) => {
    const result = await runnerFor(run, [[says("Bees dance.")]]).run(writer, "?", { stream: true });
    await result.completed;
    return result.finalOutput ?? null;
  });
  await expect(recordOf(bus.published)).toMatchFileSnapshot("../../fixtures/adapters/openai-agents-stream.jsonl");
});

test("a model that fails is told, streamed or not", async () => {
  const bus = testBus();
  const run = (stream: boolean) =>
    execution(bus, {}, async (run) => {
      const runner = runnerFor(run, []);
      if (!stream) await runner.run(writer, "?");
      else await (await runner.run(writer, "?", { stream: true })).completed;
      return null;
    });
  await expect(run(false)).rejects.toThrow("overloaded");
  await expect(run(true)).rejects.toThrow("overloaded");
  const one = ["execution.started", "llm.call.started", "llm.call.failed", "execution.failed"];
  expect(bus.published.map(({ type }) => type)).toEqual([...one, ...one]);
});

test("a stream that its reader leaves is a call without an answer", async () => {
  const bus = testBus();
  await execution(bus, {}, async (run) => {
    const provider = publishModelCalls(run, { getModel: () => new FakeModel([[says("Bees dance.")]]) });
    const model = await provider.getModel("test-model");
    const request = {
      input: "?",
      modelSettings: {},
      tools: [],
      outputType: "text" as const,
      handoffs: [],
      tracing: false,
    };
    for await (const _ of model.getStreamedResponse(request)) break;
    return null;
  });
  const failed = bus.published.find(({ type }) => type === "llm.call.failed");
  expect(Object(failed?.data).error).toBe("the stream ended without an answer");
});
