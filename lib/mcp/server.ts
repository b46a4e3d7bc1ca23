import { McpServer } from "@modelcontextprotocol/server";
import type { Bus } from "../bus/bus.ts";
import { toBusError } from "../error/bus-error.ts";
import type { AnyEvents, Tool, Write } from "./tool.ts";
import { tools } from "./tools.ts";

/** What an MCP server serves. */
export interface McpServerOptions {
  readonly bus: Bus<AnyEvents>;
  /** Of this package. */
  readonly version: string;
  /** The writing tools that there are; without any, the server only reads. */
  readonly allow: readonly Write[];
}

/** A server with the tools of a bus, for one connection. */
export function createMcpServer({ bus, version, allow }: McpServerOptions): McpServer {
  const server = new McpServer(
    { name: "waggle", version },
    {
      capabilities: { tools: {} },
      instructions:
        "An event bus of agents. Find what happened with query_events and get_flow; wait with wait_for_event rather than asking again and again.",
    },
  );
  for (const one of tools) {
    if (one.write === undefined || allow.includes(one.write)) register(server, bus, one);
  }
  return server;
}

function register(server: McpServer, bus: Bus<AnyEvents>, { name, description, write, input, run }: Tool): void {
  const annotations = { readOnlyHint: write === undefined, destructiveHint: false, openWorldHint: false };
  server.registerTool(name, { description, inputSchema: input, annotations }, async (given, context) => {
    try {
      const answer = await run(bus, given, context.mcpReq.signal);
      return { content: [{ type: "text", text: JSON.stringify(answer) }] };
    } catch (thrown) {
      const { code, message } = toBusError(thrown);
      return { isError: true, content: [{ type: "text", text: JSON.stringify({ code, message }) }] };
    }
  });
}
