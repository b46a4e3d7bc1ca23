import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import { parseDuration } from "../../event/duration.ts";
import { route } from "../http/route.ts";
import type { Server } from "../server-context.ts";
import { checkReceiver } from "../webhooks/check-receiver.ts";
import { secretSchema, secretsAt, type Webhook } from "../webhooks/webhook.ts";
import { ofClient } from "../webhooks/webhooks.ts";
import { checkStored } from "./subscriptions.ts";

const name = z.object({ name: z.string() });
const path = "/v1/subscriptions/{name}/webhook";
const duration = z.union([z.string(), z.number()]);
/** The longest time for which two secrets sign. */
const longestOverlapMs = 2_592_000_000;

const webhookStateSchema = z
  .object({
    url: z.string(),
    state: z.enum(["active", "disabled"]),
    disabledAt: z.string().exactOptional(),
    reason: z.string().exactOptional(),
    secrets: z.int().meta({ description: "How many secrets sign: two and more after a rotation." }),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .meta({ id: "Webhook" });

export const putWebhook = route({
  method: "PUT",
  path,
  summary: "Push the deliveries of a subscription to a URL",
  description:
    "Each is a POST of the event, signed by Standard Webhooks. 2xx acknowledges it; 410 disables the webhook, and what waits goes on waiting; " +
    "anything else is retried by the settings of the subscription, 429 and 503 after their Retry-After. Put again, it changes the URL, replaces the " +
    "secret, and enables what was disabled.",
  permission: "operate",
  params: name,
  body: z.strictObject({
    url: z.string().min(1).max(2_048),
    secret: secretSchema.exactOptional().meta({ description: "Default: the one that it has, or a new one." }),
    rotate: z.boolean().exactOptional().meta({ description: "Makes a new secret." }),
    overlap: duration.exactOptional().meta({ description: "How long a replaced secret signs too; default 24h." }),
  }),
  result: webhookStateSchema.extend({
    created: z.boolean(),
    secret: z.string().exactOptional().meta({ description: "Where it was made: it is shown once." }),
  }),
  handle: async ({ server, access, params, body }) => {
    await checkStored(server.served, access, params.name);
    const { secret, rotate = false, overlap = "24h" } = body;
    if (secret !== undefined && rotate) {
      throw new BusError(
        "invalid_config",
        "secret and rotate exclude each other; a secret that is given replaces the old one",
      );
    }
    const overlapMs = parseDuration(overlap, "overlap", { min: 0, max: longestOverlapMs });
    const url = await checkReceiver(body.url, server.settings);
    const put = await server.webhooks.put(params.name, { url, secret, rotate, overlapMs });
    return {
      ...stateOf(put.webhook, server),
      created: put.created,
      ...(put.secret === undefined ? {} : { secret: put.secret }),
    };
  },
});

export const getWebhook = route({
  method: "GET",
  path,
  summary: "Show where the deliveries of a subscription are pushed to",
  permission: "operate",
  params: name,
  result: webhookStateSchema,
  handle: async ({ server, access, params }) => {
    await checkStored(server.served, access, params.name);
    const webhook = await server.webhooks.get(params.name);
    if (webhook === undefined) throw noWebhook(params.name);
    return stateOf(webhook, server);
  },
});

export const deleteWebhook = route({
  method: "DELETE",
  path,
  summary: "Push no more; what waits goes on waiting",
  permission: "operate",
  params: name,
  result: z.undefined(),
  handle: async ({ server, access, params }) => {
    await checkStored(server.served, access, params.name);
    if ((await server.webhooks.get(params.name))?.mcp !== undefined) throw ofClient(params.name);
    if (!(await server.webhooks.delete(params.name))) throw noWebhook(params.name);
    return undefined;
  },
});

/** Without its secrets. */
function stateOf(webhook: Webhook, { served }: Server): z.infer<typeof webhookStateSchema> {
  const { url, disabled, createdAt, updatedAt } = webhook;
  return {
    url,
    state: disabled === undefined ? "active" : "disabled",
    ...(disabled === undefined ? {} : { disabledAt: disabled.at, reason: disabled.reason }),
    secrets: secretsAt(webhook, served.clock.now()).length,
    createdAt,
    updatedAt,
  };
}

function noWebhook(subscription: string): BusError {
  return new BusError("not_found", `subscription ${subscription} has no webhook; put one with its url`);
}
