import type { Hostile } from "./request.ts";

const path = "/v1/mcp";
const body = { jsonrpc: "2.0", id: 1, method: "tools/list" };

/** Who may not come in at all; what a token may do inside is in mcp-write.test.ts. */
export const mcp: Hostile[] = [
  { name: "no token, lists tools", as: "nobody", path, body, status: 401, code: "unauthenticated" },
  { name: "an expired token, lists tools", as: "expired", path, body, status: 401, code: "unauthenticated" },
  {
    name: "a token in the arguments",
    as: "nobody",
    path,
    body: { ...body, method: "tools/call", params: { name: "publish_event", arguments: {}, _meta: { token: "wgl" } } },
    status: 401,
    code: "unauthenticated",
  },
  { name: "a session of MCP is opened", path, status: 405, code: "method_not_allowed" },
  { name: "a session of MCP is deleted", method: "DELETE", path, status: 405, code: "method_not_allowed" },
];
