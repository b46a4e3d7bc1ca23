// The public entry `wagglebus/openai-agents`: what agents of OpenAI's Agents SDK do, as events. See docs/local/adapters.md.
import type { Model, ModelProvider, ModelResponse, Runner } from "@openai/agents";
import type { ModelAnswer } from "./model-call.ts";
import type { Run } from "./run.ts";

export * from "./shared.ts";

/**
 * A provider for `new Runner({ modelProvider })` whose models publish `llm.call.started`, `completed` and `failed`, and deltas
 * where they stream. `provider` is its name in the events.
 */
export function publishModelCalls(run: Run, models: ModelProvider, provider = "openai"): ModelProvider {
  const publishing = (model: Model, request: { readonly model: string; readonly provider: string }): Model => ({
    ...(model.getRetryAdvice && { getRetryAdvice: (args) => model.getRetryAdvice?.(args) }),
    getResponse: (input) => run.runModel(request, () => model.getResponse(input), answerOf),
    async *getStreamedResponse(input) {
      const call = await run.modelCall(request.model, provider);
      yield* call.relay(model.getStreamedResponse(input), (event) => {
        if (event.type === "output_text_delta") void call.text(event.delta);
        return event.type === "response_done" ? answerOf(event.response) : undefined;
      });
    },
  });
  return {
    getModel: async (name) => publishing(await models.getModel(name), { model: name ?? "default", provider }),
  };
}

/**
 * Publishes `tool.call.*` and `handoff.*` of what a runner runs from now on: take a runner for each run. What a tool throws is
 * its result, as the SDK gives it to the model.
 */
export function publishAgentEvents(run: Run, runner: Runner): void {
  runner.on("agent_tool_start", (_context, _agent, { name }, { toolCall }) => {
    void run.toolCall({ toolUseId: callIdOf(toolCall), toolName: name, toolInput: Reflect.get(toolCall, "arguments") });
  });
  runner.on("agent_tool_end", (_context, _agent, _tool, result, { toolCall }) => {
    void run.toolEnded(callIdOf(toolCall) ?? "", (call) => call.completed(result));
  });
  runner.on("agent_handoff", (_context, from, to) => {
    void run.handedOff(from.name, to.name);
  });
}

/** Hosted tools have an `id` alone, and some calls have none at all. */
function callIdOf(call: object): string | undefined {
  const { callId, id } = call as { readonly callId?: string; readonly id?: string };
  return callId ?? id;
}

function answerOf({ usage, output }: Pick<ModelResponse, "output"> & { usage: UsageFields }): ModelAnswer {
  const toolUseIds = output.flatMap((item) => (/_call$/.test(item.type ?? "") ? (callIdOf(item) ?? []) : []));
  return {
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cachedTokens: [usage.inputTokensDetails ?? []].flat()[0]?.cached_tokens,
    finishReason: toolUseIds.length > 0 ? "tool-calls" : "stop",
    toolUseIds,
  };
}

type Counts = Readonly<Record<string, number>>;

/** Of a response, or of the end of a stream. */
interface UsageFields {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly inputTokensDetails?: Counts | readonly Counts[] | undefined;
}
