// The public entry `wagglebus/claude-agent`: what agents of the Claude Agent SDK do, as events. See docs/local/adapters.md.
// The SDK brings the whole of Claude Code with it, so that nothing of it is imported: what it gives is parsed.
import * as z from "zod";
import type { AnyBus } from "../agents/dependencies.ts";
import { streamStarted } from "../catalog/stream.ts";
import type { Run } from "./run.ts";

export { publishMessages } from "./claude-messages.ts";
export * from "./shared.ts";

/** A hook of the SDK, which lets everything pass. */
export type ClaudeHook = (input: { readonly hook_event_name: string }) => Promise<{ continue: true }>;

/** Options for `query`, to be spread among others. */
export interface ClaudeOptions {
  /** Publish the calls of tools, and handoffs to subagents. */
  readonly hooks: Record<
    "PreToolUse" | "PostToolUse" | "PostToolUseFailure" | "SubagentStart",
    { hooks: ClaudeHook[] }[]
  >;
  /** {@link publishMessages} reads them. */
  readonly includePartialMessages: true;
  /** The session in which the flow was begun, where it was. */
  readonly resume?: string;
}

const tool = z.object({ tool_use_id: z.string(), tool_name: z.string(), tool_input: z.unknown().optional() });
const toolEnd = z.object({
  tool_use_id: z.string(),
  tool_response: z.unknown().optional(),
  error: z.string().optional(),
});
const subagent = z.object({ agent_type: z.string() });

/** The options with which `query` publishes, and resumes by the flow of the run. `agentId` names who hands off to subagents. */
export async function queryOptions(bus: AnyBus, run: Run, agentId = "claude"): Promise<ClaudeOptions> {
  const started = await bus.history.query({ correlationId: run.flow, type: streamStarted.type, limit: 1 });
  const session = z.object({ streamId: z.string() }).safeParse(started.events[0]?.data);
  const hook = (publish: (input: unknown) => Promise<unknown>) => [
    { hooks: [(input: unknown) => publish(input).then(() => ({ continue: true }) as const)] },
  ];
  const ends = hook((input) => {
    const { tool_use_id, tool_response, error } = toolEnd.parse(input);
    return run.toolEnded(tool_use_id, (call) =>
      error === undefined ? call.completed(tool_response) : call.failed(error),
    );
  });
  return {
    hooks: {
      PreToolUse: hook((input) => {
        const { tool_use_id: toolUseId, tool_name: toolName, tool_input: toolInput } = tool.parse(input);
        return run.toolCall({ toolUseId, toolName, toolInput });
      }),
      PostToolUse: ends,
      PostToolUseFailure: ends,
      SubagentStart: hook((input) => run.handedOff(agentId, subagent.parse(input).agent_type)),
    },
    includePartialMessages: true,
    ...(session.success ? { resume: session.data.streamId } : {}),
  };
}
