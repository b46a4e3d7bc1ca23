import * as z from "zod";
import { explainDelivery } from "../../explain/explain-delivery.ts";
import { route } from "../http/route.ts";
import { explanationSchema } from "../schemas/explanation.ts";

export const explain = route({
  method: "GET",
  path: "/v1/explain",
  summary: "Explain why an event was or was not delivered to a subscription",
  description: "How its delivery ended or where it is; or what of the pattern does not match, and the nearest edit.",
  permission: "subscribe",
  query: z.strictObject({
    event: z.string().min(1).meta({ description: "The id of the event." }),
    subscription: z.string().min(1).meta({ description: "The name of the subscription." }),
  }),
  result: explanationSchema,
  handle: async ({ server, access, query }) => {
    access.checkAllTypes();
    return explainDelivery(server.served.bus, query);
  },
});
