import * as z from "zod";
import { route } from "../http/route.ts";
import { historyQuerySchema } from "../schemas/history.ts";

export const replays = route({
  method: "POST",
  path: "/v1/replays",
  summary: "Deliver past events again",
  description: "To one subscription, or with `*` to all that match. Answers once they are queued.",
  permission: "operate",
  body: z.strictObject({
    select: historyQuerySchema.meta({ description: "Which events; `{}` means all." }),
    to: z.string().min(1),
    dryRun: z.boolean().exactOptional(),
  }),
  result: z.object({
    id: z.string(),
    dryRun: z.boolean(),
    events: z.int(),
    deliveries: z.record(z.string(), z.int()),
  }),
  handle: async ({ server, access, body: { select, ...options } }) => {
    access.checkRead(select.type);
    return server.served.bus.replay(select, options);
  },
});
