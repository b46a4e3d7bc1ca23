// The public entry `wagglebus/langgraph`: what graphs of LangGraph.js and runnables of LangChain do, as events. See
// docs/local/adapters.md.
import type { CallbackHandlerMethods } from "@langchain/core/callbacks/base";
import type { LLMResult } from "@langchain/core/outputs";
import * as z from "zod";
import type { ModelAnswer, ModelCall } from "./model-call.ts";
import type { Run } from "./run.ts";
import type { ToolCall } from "./tool-call.ts";

export * from "./shared.ts";

/** What a graph is run with. */
export interface ThreadConfig {
  /** Publish the calls of models, with deltas where they stream, and of tools. */
  readonly callbacks: CallbackHandlerMethods[];
  /** The thread. */
  readonly configurable: {
    /** The flow, so that a checkpointer goes on where it stopped. */
    readonly thread_id: string;
  };
}

/**
 * The config for `graph.invoke(input, threadConfig(run))`, `graph.stream` and the like, and for runnables. Where an event is
 * refused, by a guard for example, the call that it tells of fails.
 */
export function threadConfig(run: Run): ThreadConfig {
  return { callbacks: [publishingCallbacks(run)], configurable: { thread_id: run.flow } };
}

function publishingCallbacks(run: Run): CallbackHandlerMethods {
  const calls = new Map<string, Promise<ModelCall>>();
  const modelStarts = async (
    runId: string,
    { ls_model_name: model, ls_provider: provider }: z.infer<typeof caller>,
  ) => {
    const call = run.modelCall(model ?? provider ?? "unknown", provider);
    calls.set(runId, call);
    await call;
  };
  const modelEnds = async (runId: string, publish: (call: ModelCall) => Promise<void>) => {
    const call = calls.get(runId);
    calls.delete(runId);
    await call?.then(publish);
  };
  const toolIds = new Map<string, string>();
  const toolEnds = async (runId: string, publish: (call: ToolCall) => Promise<void>) => {
    await run.toolEnded(toolIds.get(runId) ?? runId, publish);
    toolIds.delete(runId);
  };
  return Object.assign(
    {
      handleChatModelStart: (_model, _messages, runId, _parent, _extra, _tags, metadata) =>
        modelStarts(runId, caller.parse(metadata ?? {})),
      handleLLMStart: (_model, _prompts, runId, _parent, _extra, _tags, metadata) =>
        modelStarts(runId, caller.parse(metadata ?? {})),
      handleLLMNewToken: async (token, _index, runId) => {
        const call = await calls.get(runId);
        // Not awaited, so that the model need not wait for the bus.
        if (token !== "") void call?.text(token);
      },
      handleLLMEnd: (result, runId) => modelEnds(runId, (call) => call.completed(answerOf(result))),
      handleLLMError: (thrown, runId) => modelEnds(runId, (call) => call.failed(thrown)),
      handleToolStart: async (_tool, input, runId, _parent, _tags, _metadata, name = "unknown", toolUseId = runId) => {
        toolIds.set(runId, toolUseId);
        await run.toolCall({ toolUseId, toolName: name, toolInput: input });
      },
      handleToolEnd: (output, runId) => toolEnds(runId, (call) => call.completed(contentOf(output))),
      handleToolError: (thrown, runId) => toolEnds(runId, (call) => call.failed(thrown)),
    } satisfies CallbackHandlerMethods,
    // Events are in the order in which things happened, and one that is refused stops what it tells of.
    { awaitHandlers: true, raiseError: true },
  );
}

const caller = z.object({ ls_model_name: z.string().optional(), ls_provider: z.string().optional() });

const message = z.object({
  usage_metadata: z
    .object({
      input_tokens: z.number(),
      output_tokens: z.number(),
      input_token_details: z.object({ cache_read: z.number().optional() }).optional(),
    })
    .optional(),
  response_metadata: z.object({ model_name: z.string().optional(), finish_reason: z.string().optional() }).optional(),
  tool_calls: z.array(z.object({ id: z.string().optional() })).optional(),
});
const answer = z.object({ message: message.optional() });

function answerOf({ generations }: LLMResult): ModelAnswer {
  const { message: said } = answer.parse(generations[0]?.[0] ?? {});
  return {
    model: said?.response_metadata?.model_name,
    inputTokens: said?.usage_metadata?.input_tokens,
    outputTokens: said?.usage_metadata?.output_tokens,
    cachedTokens: said?.usage_metadata?.input_token_details?.cache_read,
    finishReason: said?.response_metadata?.finish_reason,
    toolUseIds: said?.tool_calls?.flatMap(({ id }) => id ?? []),
  };
}

/** Of the message of a tool, what it says; anything else as it is. */
function contentOf(output: unknown): unknown {
  return typeof output === "object" && output !== null && "tool_call_id" in output && "content" in output
    ? output.content
    : output;
}
