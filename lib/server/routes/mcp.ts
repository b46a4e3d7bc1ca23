import * as z from "zod";
import { route } from "../http/route.ts";
import { loadOptional } from "../optional-package.ts";

const message = z.looseObject({ jsonrpc: z.literal("2.0") }).meta({ id: "JsonRpcMessage" });

export const mcp = route({
  method: "POST",
  path: "/v1/mcp",
  summary: "Call the tools of the Model Context Protocol",
  description:
    "Streamable HTTP without sessions: query, flow, wait and dead letters as tools of an agent, which only read.",
  permission: "subscribe",
  bodies: { "application/json": message },
  result: message,
  handle: async ({ server, access, request, signal }) => {
    access.checkAllTypes();
    const { answerMcp } = await loadOptional(
      () => import("../../mcp/answer-http.ts"),
      "MCP over HTTP",
      "@modelcontextprotocol/server",
    );
    const options = { bus: server.served.bus, version: "1", allow: [] };
    return answerMcp(options, request, { bodyLimit: server.settings.bodyLimit, signal });
  },
});
