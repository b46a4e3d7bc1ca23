import * as z from "zod";
import { messageOf } from "../../error/message-of.ts";
import type { McpServerOptions } from "../../mcp/server.ts";
import { loadOptional } from "../../runtime/optional-package.ts";
import type { Access } from "../access/access.ts";
import { bearerToken } from "../access/bearer.ts";
import { findToken } from "../access/tokens.ts";
import { toAnswerable } from "../http/problem.ts";
import { route } from "../http/route.ts";
import { deliveriesOf } from "../mcp/deliveries.ts";
import { settleAll } from "../pull/settle.ts";
import type { Server } from "../server-context.ts";

const message = z.looseObject({ jsonrpc: z.literal("2.0") }).meta({ id: "JsonRpcMessage" });

export const mcp = route({
  method: "POST",
  path: "/v1/mcp",
  summary: "Call the tools of the Model Context Protocol",
  description:
    "Streamable HTTP without sessions. Without a token the tools only read; with one they are those that its roles allow, for its types and " +
    "its source.",
  permission: "any",
  bodies: { "application/json": message },
  result: message,
  handle: async ({ server, access, request }) => {
    const { answerMcp } = await loadOptional(
      () => import("../../mcp/answer-http.ts"),
      "MCP over HTTP",
      "@modelcontextprotocol/server",
    );
    const options = optionsOf(server, access, request);
    // Once the server ends, calls are answered and streams end with their result: only a client that is gone is cut off.
    return answerMcp(options, request, { bodyLimit: server.settings.bodyLimit, signal: request.signal });
  },
});

function optionsOf(server: Server, access: Access, request: Request): McpServerOptions {
  const { events, served, pulls } = server;
  return {
    bus: served.bus,
    version: "1",
    access,
    deliveries: deliveriesOf(served, pulls, access, (subscription, items) =>
      settleAll(server, subscription, items, request),
    ),
    may: ({ role, write }) => (access.hasRoles ? access.allows(role) : write === undefined),
    events: {
      source: events.source,
      // Without a token there is nobody whose it would be, and whoever steers an agent could have it send events anywhere.
      webhooks: access.tokenId === undefined ? undefined : events.subscriptions.of(access.tokenId),
      isAllowed: () => isStillAllowed(server, request),
      clock: served.clock,
      heartbeatMs: server.settings.heartbeatMs,
      closing: server.closing,
    },
    toError: (thrown) => {
      const error = toAnswerable(thrown);
      if (error.cause === thrown) served.logger.error("a tool failed", { reason: messageOf(thrown) });
      return error;
    },
  };
}

/** Whether the token of a request is one still: it may have been revoked while a stream was open. */
async function isStillAllowed({ tokens, served }: Server, request: Request): Promise<boolean> {
  const text = bearerToken(request);
  if (text === undefined) return true;
  return findToken((await tokens?.list()) ?? [], text, served.clock.now()) !== undefined;
}
