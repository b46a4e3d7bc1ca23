import type { Hostile } from "./request.ts";

const path = "/v1/mcp";
const body = { jsonrpc: "2.0", id: 1, method: "tools/list" };

/** Who may not look at everything. */
export const mcp: Hostile[] = [
  { name: "no token, lists tools", as: "nobody", path, body, status: 401, code: "unauthenticated" },
  { name: "a publisher lists tools", as: "publisher", path, body, status: 403, code: "forbidden" },
  { name: "a subscriber to some types lists tools", as: "subscriber", path, body, status: 403, code: "forbidden" },
  { name: "a session of MCP is opened", path, status: 405, code: "method_not_allowed" },
  { name: "a session of MCP is deleted", method: "DELETE", path, status: 405, code: "method_not_allowed" },
];
