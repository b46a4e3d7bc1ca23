// The public entry `wagglebus/ai-sdk`: what agents of Vercel's AI SDK do, as events. See docs/local/adapters.md.
import type { LanguageModelMiddleware, Telemetry } from "ai";
import { failing } from "./failing.ts";
import type { ModelAnswer } from "./model-call.ts";
import type { Run } from "./run.ts";

export * from "./shared.ts";

type WrapGenerate = NonNullable<LanguageModelMiddleware["wrapGenerate"]>;
type Generated = Awaited<ReturnType<WrapGenerate>>;

/**
 * Middleware for `wrapLanguageModel` that publishes `llm.call.started`, `completed` and `failed` for each call of a model, and
 * its deltas where it streams.
 */
export function publishModelCalls(run: Run): LanguageModelMiddleware {
  return {
    specificationVersion: "v4",
    wrapGenerate: ({ doGenerate, model }) =>
      run.runModel({ model: model.modelId, provider: model.provider }, doGenerate, (generated) => ({
        ...answerOf(generated),
        model: generated.response?.modelId,
        toolUseIds: generated.content.flatMap((part) => (part.type === "tool-call" ? part.toolCallId : [])),
      })),
    wrapStream: async ({ doStream, model }) => {
      const call = await run.modelCall(model.modelId, model.provider);
      const toolUseIds: string[] = [];
      const { stream, ...rest } = await failing(call, doStream);
      const relayed = call.relay(stream, (part) => {
        if (part.type === "text-delta") void call.text(part.delta);
        if (part.type === "reasoning-delta") void call.reasoning(part.delta);
        if (part.type === "tool-call") toolUseIds.push(part.toolCallId);
        return part.type === "finish" ? { ...answerOf(part), toolUseIds } : undefined;
      });
      return { ...rest, stream: ReadableStream.from(relayed) };
    },
  };
}

/** For `telemetry: { integrations: [publishToolCalls(run)] }`: publishes `tool.call.started` and `tool.call.completed`. */
export function publishToolCalls(run: Run): Telemetry {
  return {
    onToolExecutionStart: async ({ toolCall: { toolCallId, toolName, input } }) => {
      await run.toolCall({ toolUseId: toolCallId, toolName, toolInput: input });
    },
    onToolExecutionEnd: ({ toolCall: { toolCallId }, toolOutput }) =>
      run.toolEnded(toolCallId, (call) =>
        toolOutput.type === "tool-error" ? call.failed(toolOutput.error) : call.completed(toolOutput.output),
      ),
  };
}

function answerOf({ finishReason, usage }: Pick<Generated, "finishReason" | "usage">): ModelAnswer {
  return {
    finishReason: finishReason.unified,
    inputTokens: usage.inputTokens.total,
    outputTokens: usage.outputTokens.total,
    cachedTokens: usage.inputTokens.cacheRead,
  };
}
