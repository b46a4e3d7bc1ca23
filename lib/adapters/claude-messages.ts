import * as z from "zod";
import { streamStarted } from "../catalog/stream.ts";
import type { ModelCall } from "./model-call.ts";
import type { Run } from "./run.ts";

const count = z.number().nullish();
const usage = z.object({
  input_tokens: count,
  output_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
});
type Usage = z.infer<typeof usage>;

/** The messages of which something is published; the SDK has many more. */
const known = z.union([
  z.object({ type: z.literal("system"), subtype: z.literal("init"), session_id: z.string() }),
  z.object({
    type: z.literal("stream_event"),
    parent_tool_use_id: z.string().nullable(),
    event: z.discriminatedUnion("type", [
      z.object({ type: z.literal("message_start"), message: z.object({ model: z.string(), usage }) }),
      z.object({
        type: z.literal("content_block_start"),
        content_block: z.object({ type: z.string(), id: z.string().optional() }),
      }),
      z.object({
        type: z.literal("content_block_delta"),
        delta: z.object({ text: z.string().optional(), thinking: z.string().optional() }),
      }),
      z.object({ type: z.literal("message_delta"), delta: z.object({ stop_reason: z.string().nullish() }), usage }),
    ]),
  }),
]);
type StreamEvent = Extract<z.infer<typeof known>, { type: "stream_event" }>["event"];

/** A call of a model whose parts come one by one. */
interface OpenCall {
  readonly call: ModelCall;
  readonly read: Usage;
  readonly toolUseIds: string[];
}

/**
 * Hands on what `query` gives, and publishes the calls of models, deltas included. Each agent and subagent is followed by
 * itself. A call that is not over when the messages end has failed.
 */
export async function* publishMessages<Message>(
  run: Run,
  messages: AsyncIterable<Message>,
): AsyncGenerator<Message, void, void> {
  const calls = new Map<string | null, OpenCall>();
  try {
    for await (const message of messages) {
      const { data: seen } = known.safeParse(message);
      if (seen?.type === "system") await run.publish(streamStarted, { streamId: seen.session_id });
      if (seen?.type === "stream_event") await follow(run, calls, seen.parent_tool_use_id, seen.event);
      yield message;
    }
  } finally {
    for (const { call } of calls.values()) await call.failed("the messages ended before the model had answered");
  }
}

async function follow(
  run: Run,
  calls: Map<string | null, OpenCall>,
  agent: string | null,
  event: StreamEvent,
): Promise<void> {
  if (event.type === "message_start") {
    const { model, usage: read } = event.message;
    calls.set(agent, { call: await run.modelCall(model, "anthropic"), read, toolUseIds: [] });
    return;
  }
  const open = calls.get(agent);
  if (open === undefined) return;
  const { call, read, toolUseIds } = open;
  if (event.type === "content_block_start") toolUseIds.push(...[event.content_block.id ?? []].flat());
  else if (event.type === "content_block_delta") {
    const { text, thinking } = event.delta;
    if (text !== undefined) void call.text(text);
    if (thinking !== undefined) void call.reasoning(thinking);
  } else {
    calls.delete(agent);
    const cachedTokens = read.cache_read_input_tokens ?? 0;
    await call.completed({
      inputTokens: (read.input_tokens ?? 0) + (read.cache_creation_input_tokens ?? 0) + cachedTokens,
      outputTokens: event.usage.output_tokens ?? undefined,
      cachedTokens,
      finishReason: event.delta.stop_reason ?? undefined,
      toolUseIds,
    });
  }
}
