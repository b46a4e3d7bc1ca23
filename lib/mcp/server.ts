import { McpServer } from "@modelcontextprotocol/server";
import { type EventsOptions, registerEvents } from "./events/register.ts";
import { shownSchema, type Tool, type ToolContext } from "./tool.ts";
import { tools } from "./tools/index.ts";

/** What an MCP server serves, and to whom. */
export interface McpServerOptions extends ToolContext {
  /** Of this package. */
  readonly version: string;
  /** Whether the caller may use a tool; the others are not there. */
  readonly may: (tool: Pick<Tool, "role" | "write">) => boolean;
  /** What is answered for what a tool has thrown: nothing that only the log should hold. */
  readonly toError: (thrown: unknown) => { readonly code: string; readonly message: string };
  /** What MCP Events are served from. */
  readonly events: Pick<EventsOptions, "source" | "isAllowed" | "clock" | "heartbeatMs" | "closing" | "webhooks">;
}

/** A server with the tools of a bus, for one connection. */
export function createMcpServer(options: McpServerOptions): McpServer {
  const server = new McpServer(
    { name: "waggle", version: options.version },
    {
      capabilities: { tools: {} },
      instructions:
        "An event bus of agents. Find what happened with query_events and get_flow; wait with wait_for_event rather than asking again and again.",
    },
  );
  for (const one of tools) if (options.may(one)) register(server, options, one);
  const { access, events, may, toError } = options;
  registerEvents(server, { ...events, access, maySubscribe: may({ role: "subscribe" }), toError });
  return server;
}

function register(server: McpServer, options: McpServerOptions, tool: Tool): void {
  const { name, description, write, input, run } = tool;
  const annotations = { readOnlyHint: write === undefined, destructiveHint: false, openWorldHint: false };
  server.registerTool(name, { description, inputSchema: shownSchema(input), annotations }, async (given, context) => {
    try {
      const signal = AbortSignal.any([context.mcpReq.signal, options.events.closing]);
      const answer = await run(options, given, signal);
      return { content: [{ type: "text", text: JSON.stringify(answer) }] };
    } catch (thrown) {
      const { code, message } = options.toError(thrown);
      return { isError: true, content: [{ type: "text", text: JSON.stringify({ code, message }) }] };
    }
  });
}
