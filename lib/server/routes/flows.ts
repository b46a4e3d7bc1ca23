import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import { recentAgents } from "../../history/agents.ts";
import { deliveriesOfEvent } from "../../history/deliveries-of-event.ts";
import { mostEvents, recentFlows } from "../../history/recent-flows.ts";
import { route } from "../http/route.ts";
import { historyFilters, paging } from "../schemas/history.ts";
import { agentListSchema, eventDeliveriesSchema, flowPageSchema } from "../schemas/overview.ts";
import { noEvent } from "./history.ts";

const { correlationId: _, ids: __, ...filters } = historyFilters;
const defaultLimit = 100;

export const listFlows = route({
  method: "GET",
  path: "/v1/flows",
  summary: "List flows, the last active first",
  description:
    `Looks at \`limit\` events that match, at most ${mostEvents}, and gives the flows whose last such event is among them; the cursor goes on from there. ` +
    "So a page of few flows, or of none, need not be the last one.",
  permission: "subscribe",
  query: z.strictObject({ ...filters, ...paging }),
  result: flowPageSchema,
  handle: async ({ server: { served }, access, query: { cursor, limit = defaultLimit, ...query } }) => {
    access.checkAllTypes();
    if (limit < 1 || limit > mostEvents) {
      throw new BusError("invalid_config", `limit is ${limit}; give 1 to ${mostEvents}`, {
        details: { path: "limit" },
      });
    }
    const { deadLetters, history } = served.bus;
    const sources = { deadLetters, history, deliveries: served.engine.deliveries };
    return recentFlows(sources, query, { limit, ...(cursor === undefined ? {} : { cursor }) });
  },
});

export const getEventDeliveries = route({
  method: "GET",
  path: "/v1/events/{id}/deliveries",
  summary: "Show what became of an event in each subscription",
  description:
    "Its deliveries that are under way, those that have ended, and its dead letters; without what the engine cannot know.",
  permission: "subscribe",
  params: z.object({ id: z.string() }),
  result: eventDeliveriesSchema,
  handle: async ({ server: { served }, access, params: { id } }) => {
    const event = await served.bus.history.get(id);
    if (event === undefined || !access.sees(event)) throw noEvent(id);
    return deliveriesOfEvent(served.engine.deliveries, served.bus.deadLetters, event);
  },
});

export const listAgents = route({
  method: "GET",
  path: "/v1/agents",
  summary: "List who published lately",
  description: "By `metadata.agentId`, or by source where there is none, among the newest 2,000 events of history.",
  permission: "subscribe",
  result: agentListSchema,
  handle: async ({ server: { served }, access }) => {
    access.checkAllTypes();
    return recentAgents(served.bus.history);
  },
});
