import { expect, test } from "vitest";
import {
  type ClaudeOptions,
  type ExecutionOptions,
  execution,
  publishMessages,
  queryOptions,
} from "../../../lib/adapters/claude-agent.ts";
import { coalesce } from "../../../lib/index.ts";
import { type TestBus, testBus } from "../../../lib/testing/index.ts";
import { recordOf } from "./record-of.ts";

// The SDK brings 400 MB of Claude Code with it. These messages and hooks are written by hand, in the
// shapes of the types of version 0.3.332.
const of = (event: object, parent: string | null = null) => ({
  type: "stream_event",
  event,
  parent_tool_use_id: parent,
  session_id: "session-1",
});
const starts = (usage: object, parent?: string) =>
  of({ type: "message_start", message: { id: "m", model: "test-model", usage } }, parent);
const ends = (stop_reason: string, output_tokens: number, parent?: string) =>
  of({ type: "message_delta", delta: { stop_reason }, usage: { output_tokens } }, parent);
const says = (delta: object, parent?: string) => of({ type: "content_block_delta", index: 0, delta }, parent);
const asks = (id: string) => of({ type: "content_block_start", content_block: { type: "tool_use", id, name: "Read" } });

type Hook = keyof ClaudeOptions["hooks"];

/** Reads a file that is there and one that is not, then has a subagent answer. */
async function* query({ hooks }: ClaudeOptions) {
  const hook = async (name: Hook, input: object) => {
    for (const one of hooks[name].flatMap((matcher) => matcher.hooks)) {
      expect(await one({ hook_event_name: name, ...input })).toEqual({ continue: true });
    }
  };
  yield { type: "system", subtype: "init", session_id: "session-1" };
  yield starts({ input_tokens: 100, cache_read_input_tokens: 50, cache_creation_input_tokens: null });
  yield says({ type: "thinking_delta", thinking: "Read it." });
  yield asks("call-1");
  yield asks("call-2");
  yield ends("tool_use", 20);
  yield { type: "assistant", message: { content: [] } };
  const read = { tool_name: "Read", tool_use_id: "call-1", tool_input: { file_path: "bees.md" } };
  await hook("PreToolUse", read);
  await hook("PostToolUse", { ...read, tool_response: { text: "They dance." } });
  const missing = { tool_name: "Read", tool_use_id: "call-2", tool_input: { file_path: "wasps.md" } };
  await hook("PreToolUse", missing);
  await hook("PostToolUseFailure", { ...missing, error: "no such file" });
  await hook("SubagentStart", { agent_id: "a1", agent_type: "reviewer" });
  yield starts({ input_tokens: 10 });
  yield starts({ input_tokens: 30 }, "call-3");
  yield says({ type: "text_delta", text: "Bees " });
  yield says({ type: "text_delta", text: "dance." });
  yield ends("end_turn", 3, "call-3");
  yield ends("end_turn", 5);
  yield { type: "result", subtype: "success", result: "Bees dance." };
}

const ask = (bus: TestBus, options: ExecutionOptions, messages: typeof query = query) =>
  execution(bus, options, async (run) => {
    let result: string | null = null;
    for await (const message of publishMessages(run, messages(await queryOptions(bus, run)))) {
      if ("result" in message) result = message.result;
    }
    return result;
  });

test("a query of the Claude Agent SDK is the events that were recorded", async () => {
  const bus = testBus({ use: [coalesce()] });
  const prices = { "test-model": { input: 3, output: 15, cachedInput: 0.3 } };
  expect(await ask(bus, { flow: "f1", agentId: "claude", prices })).toBe("Bees dance.");
  await expect(recordOf(bus.published)).toMatchFileSnapshot("../../fixtures/adapters/claude-agent.jsonl");
});

test("a flow that stopped half way resumes its session, and the call that was under way has failed", async () => {
  const bus = testBus();
  const sessions: (string | undefined)[] = [];
  async function* breaksOff(options: ClaudeOptions) {
    sessions.push(options.resume);
    yield { type: "system", subtype: "init", session_id: "session-1" };
    yield starts({ input_tokens: 1 });
    throw new Error("the process ended");
  }
  await expect(ask(bus, { flow: "f2" }, breaksOff as typeof query)).rejects.toThrow("the process ended");
  await expect(ask(bus, { flow: "f2" }, breaksOff as typeof query)).rejects.toThrow("the process ended");
  await expect(ask(bus, { flow: "f3" }, breaksOff as typeof query)).rejects.toThrow("the process ended");
  expect(sessions).toEqual([undefined, "session-1", undefined]);
  expect(bus.published.filter(({ type }) => type === "llm.call.failed")).toHaveLength(3);
});
