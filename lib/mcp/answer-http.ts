import { createMcpHandler } from "@modelcontextprotocol/server";
import { createMcpServer, type McpServerOptions } from "./server.ts";

/** Answers one request of streamable HTTP. It has no session: whatever was asked before does not matter. */
export async function answerMcp(
  options: McpServerOptions,
  request: Request,
  { bodyLimit, signal }: { bodyLimit: number; signal: AbortSignal },
): Promise<Response> {
  const handler = createMcpHandler(() => createMcpServer(options), { maxRequestBodySize: bodyLimit });
  signal.addEventListener("abort", () => void handler.close(), { once: true });
  return handler.fetch(request);
}
