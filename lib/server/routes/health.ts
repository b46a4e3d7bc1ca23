import * as z from "zod";
import { busClosed } from "../../engine/errors.ts";
import { route } from "../http/route.ts";

export const healthz = route({
  method: "GET",
  path: "/healthz",
  summary: "Whether the process answers",
  permission: "none",
  result: z.object({ status: z.literal("ok") }),
  handle: async () => ({ status: "ok" }),
});

export const readyz = route({
  method: "GET",
  path: "/readyz",
  summary: "Whether the bus can be used",
  permission: "none",
  result: z.object({ status: z.literal("ready") }),
  handle: async ({ server }) => {
    if (server.closing.aborted) throw busClosed();
    // The shortest way to the store; there need not be such an event.
    await server.served.bus.history.get("readyz");
    return { status: "ready" };
  },
});
