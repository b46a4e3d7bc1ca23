import * as z from "zod";
import type { StatsQuery } from "../../engine/queries.ts";
import { BusError } from "../../error/bus-error.ts";
import { toCloudEvent } from "../../event/cloud-events/from-event.ts";
import { cloudEventBatchType, cloudEventType } from "../../event/cloud-events/media-types.ts";
import type { Event } from "../../event/event.ts";
import { wantsCloudEvents } from "../cloud-events/wanted.ts";
import { route } from "../http/route.ts";
import { eventSchema, pageSchema } from "../schemas/event.ts";
import { flowSchema } from "../schemas/flow.ts";
import { historyFilters, paging } from "../schemas/history.ts";

export const queryEvents = route({
  method: "GET",
  path: "/v1/events",
  summary: "Query history",
  description: "A page of the events that match, newest first; with the Accept of a CloudEvents batch, as that.",
  permission: "subscribe",
  query: z.strictObject({
    ...historyFilters,
    ...paging,
    order: z.enum(["newest", "oldest"]).exactOptional(),
  }),
  result: pageSchema,
  handle: async ({ server, access, query, request }) => {
    access.checkRead(query.type);
    const page = await server.served.bus.history.query(query);
    if (!wantsCloudEvents(request)) return page;
    const { cursor } = page;
    const headers = {
      "content-type": cloudEventBatchType,
      ...(cursor === undefined ? {} : { link: nextPage(request, cursor) }),
    };
    return new Response(JSON.stringify(page.events.map(toCloudEvent)), { headers });
  },
});

export const getEvent = route({
  method: "GET",
  path: "/v1/events/{id}",
  summary: "Get one event",
  permission: "subscribe",
  params: z.object({ id: z.string() }),
  result: eventSchema,
  handle: async ({ server, access, params: { id }, request }) => {
    const event = await server.served.bus.history.get(id);
    // One that the token may not see is not there for it.
    if (event === undefined || !access.sees(event)) throw noEvent(id);
    return wantsCloudEvents(request) ? asCloudEvent(event) : event;
  },
});

export const getFlow = route({
  method: "GET",
  path: "/v1/flows/{id}",
  summary: "Get a flow as a tree",
  description: "By its correlation id, or the id of one of its events.",
  permission: "subscribe",
  params: z.object({ id: z.string() }),
  result: flowSchema,
  handle: async ({ server, access, params: { id } }) => {
    access.checkAllTypes();
    return server.served.bus.history.flow(id);
  },
});

export const getStats = route({
  method: "GET",
  path: "/v1/stats",
  summary: "Count events by type and window",
  permission: "subscribe",
  query: z.strictObject({
    type: z.string().min(1).exactOptional(),
    since: z.string().exactOptional(),
    until: z.string().exactOptional(),
    window: z.string().min(1).exactOptional().meta({ description: 'Whole minutes: "1m", "1h", "1d".' }),
  }) satisfies z.ZodType<StatsQuery>,
  result: z.object({
    rows: z.array(z.object({ from: z.string().optional(), type: z.string(), count: z.int() })),
  }),
  handle: async ({ server, access, query }) => {
    access.checkRead(query.type);
    return { rows: await server.served.bus.history.stats(query) };
  },
});

/** History has no such event. */
export function noEvent(id: string): BusError {
  return new BusError("not_found", `event ${id} is not in history: it was never recorded, or its retention has ended`);
}

function asCloudEvent(event: Event): Response {
  return new Response(JSON.stringify(toCloudEvent(event)), { headers: { "content-type": cloudEventType } });
}

function nextPage(request: Request, cursor: string): string {
  const next = new URL(request.url);
  next.searchParams.set("cursor", cursor);
  return `<${next.pathname}${next.search}>; rel="next"`;
}
