// The public entry `wagglebus/mcp-client`: the tools that an MCP client calls, as events. See docs/local/adapters.md.
import type { CallToolResult, Client } from "@modelcontextprotocol/client";
import { failing } from "./failing.ts";
import type { Run } from "./run.ts";

export * from "./shared.ts";

/**
 * Calls a tool of an MCP server as `client.callTool` does, between `tool.call.started` and `tool.call.completed`. A result with
 * `isError` is one that failed, as is whatever the client throws, which is thrown on.
 */
export async function callTool(
  run: Run,
  client: Pick<Client, "callTool">,
  ...[params, options]: Parameters<Client["callTool"]>
): Promise<CallToolResult> {
  const { name, arguments: toolInput } = params;
  const call = await run.toolCall({ toolName: name, toolInput });
  const result = await failing(call, () => client.callTool(params, options));
  const { content, structuredContent = content, isError } = result;
  await (isError === true ? call.failed(JSON.stringify(content)) : call.completed(structuredContent));
  return result;
}
