import { AIMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";
import { tool } from "@langchain/core/tools";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { END, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { expect, onTestFinished, test, vi } from "vitest";
import * as z from "zod";
import { execution, threadConfig } from "../../../lib/adapters/langgraph.ts";
import { coalesce } from "../../../lib/index.ts";
import { testBus } from "../../../lib/testing/index.ts";
import { recordOf } from "./record-of.ts";

const prices = { "test-model": { input: 2, output: 8 } };

/** A message with what a provider says of its call. */
const answered = (message: AIMessage, input: number, output: number, finishReason: string) =>
  Object.assign(message, {
    usage_metadata: { input_tokens: input, output_tokens: output, total_tokens: input + output },
    response_metadata: { model_name: "test-model", finish_reason: finishReason },
  });
const call = { id: "call-1", name: "search", args: { query: "bees" } };
const asking = answered(new AIMessage({ content: "", tool_calls: [call] }), 100, 10, "tool_calls");
const answer = answered(new AIMessage("Bees dance."), 200, 20, "stop");

const search = tool(({ query }: { query: string }) => `what ${query} do`, {
  name: "search",
  description: "Searches.",
  schema: z.object({ query: z.string() }),
});

/** Asks a model, and runs the tools that it asks for, until it asks for none. */
function graphOf(model: ReturnType<typeof fakeModel>, checkpointer = new MemorySaver()) {
  return new StateGraph(MessagesAnnotation)
    .addNode("agent", async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
    .addNode("tools", new ToolNode([search]))
    .addEdge(START, "agent")
    .addConditionalEdges("agent", ({ messages }) => {
      const last = messages.at(-1);
      return last instanceof AIMessage && last.tool_calls?.length ? "tools" : END;
    })
    .addEdge("tools", "agent")
    .compile({ checkpointer });
}

const question = { messages: [{ role: "user", content: "What do bees do?" }] };

test("a run of a graph with a tool is the events that were recorded", async () => {
  const bus = testBus();
  const graph = graphOf(fakeModel().respond(asking).respond(answer));
  const output = await execution(bus, { flow: "f1", agentId: "graph", prices }, async (run) => {
    const { messages } = await graph.invoke(question, threadConfig(run));
    return String(messages.at(-1)?.content);
  });
  expect(output).toBe("Bees dance.");
  await expect(recordOf(bus.published)).toMatchFileSnapshot("../../fixtures/adapters/langgraph.jsonl");
});

test("a flow that failed is resumed from its checkpoint: the tool is not called again", async () => {
  const bus = testBus();
  const checkpointer = new MemorySaver();
  const models = [fakeModel().respond(asking).respond(new Error("overloaded")), fakeModel().respond(answer)];
  const attempt = () =>
    execution(bus, { flow: "f2", prices }, async (run) => {
      const graph = graphOf(models.shift() ?? fakeModel(), checkpointer);
      const { messages } = await graph.invoke(run.resumed ? null : question, threadConfig(run));
      return String(messages.at(-1)?.content);
    });
  await expect(attempt()).rejects.toThrow("overloaded");
  expect(await attempt()).toBe("Bees dance.");
  expect(await attempt()).toBe("Bees dance.");
  const types = bus.published.map(({ type }) => type);
  expect(types.filter((type) => type.startsWith("execution."))).toEqual([
    "execution.started",
    "execution.failed",
    "execution.resumed",
    "execution.completed",
  ]);
  expect(types.filter((type) => type === "tool.call.started")).toHaveLength(1);
  expect(types.filter((type) => type === "llm.call.failed")).toHaveLength(1);
  expect(models).toHaveLength(0);
});

test("what streams is published as deltas before the end of the call", async () => {
  const bus = testBus({ use: [coalesce()] });
  const model = new FakeStreamingChatModel({ sleep: 0, responses: [new AIMessage("Bees dance.")] });
  await execution(bus, { flow: "f3" }, async (run) => {
    for await (const _ of await model.stream("?", threadConfig(run)));
    return null;
  });
  const deltas = bus.published.flatMap(({ type, data }) => [type, Object(data).content ?? ""]);
  expect(deltas).toEqual([
    ...["execution.started", "", "llm.call.started", ""],
    ...["llm.text.delta", "Bees dance.", "llm.call.completed", "", "execution.completed", ""],
  ]);
});

test("an event that a guard refuses stops the call that it tells of", async () => {
  // LangChain says so, too.
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => said.mockRestore());
  let calls = 0;
  const bus = testBus({
    use: [
      {
        publish: (entry, next) => {
          if (entry.event.type === "llm.call.started") throw new Error("over budget");
          return next(entry);
        },
      },
    ],
  });
  const model = fakeModel().respond(() => {
    calls += 1;
    return answer;
  });
  await expect(execution(bus, {}, (run) => model.invoke("?", threadConfig(run)).then(() => null))).rejects.toThrow(
    "over budget",
  );
  expect(calls).toBe(0);
});
