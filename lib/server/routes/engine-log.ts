import * as z from "zod";
import type { HistoryPageOptions, HistoryQuery, StatsQuery } from "../../engine/queries.ts";
import {
  appendResultsSchema,
  entrySchema,
  logEntrySchema,
  positionSchema,
  recordedEventSchema,
  wireEvent,
} from "../../engines/http/wire/schemas.ts";
import { queryAll } from "../../history/query-all.ts";
import { countByType } from "../../history/stats.ts";
import { appendEntry } from "../append-entry.ts";
import { toAnswerable } from "../http/problem.ts";
import { route } from "../http/route.ts";
import { historyQuerySchema } from "../schemas/history.ts";

// The log of the http engine, as routes.

export const append = route({
  method: "POST",
  path: "/v1/engine/append",
  summary: "Append events that a bus has prepared",
  permission: "publish",
  body: z.strictObject({ entries: z.array(entrySchema).min(1).max(10_000) }),
  result: appendResultsSchema,
  handle: async ({ server, access, body }) => ({
    results: await Promise.all(
      body.entries.map(async (entry) => {
        try {
          access.checkPublish(entry.event);
          const { event, duplicate } = await appendEntry(server.served, entry);
          return duplicate ? { ok: true, event, duplicate } : { ok: true, duplicate };
        } catch (thrown) {
          return { ok: false, error: toAnswerable(thrown).toJSON() };
        }
      }),
    ),
  }),
});

export const logGet = route({
  method: "POST",
  path: "/v1/engine/get",
  summary: "Get one event, whatever its id is",
  permission: "subscribe",
  body: z.strictObject({ id: z.string() }),
  result: z.object({ event: wireEvent.exactOptional() }),
  handle: async ({ server, access, body }) => {
    const event = await server.served.engine.log.get(body.id);
    return event === undefined || !access.sees(event) ? {} : { event };
  },
});

const page = z.strictObject({
  limit: z.int().min(1).max(1_000).exactOptional(),
  cursor: z.string().exactOptional(),
  order: z.enum(["newest", "oldest"]).exactOptional(),
  upTo: positionSchema.exactOptional(),
}) satisfies z.ZodType<HistoryPageOptions>;

export const logQuery = route({
  method: "POST",
  path: "/v1/engine/query",
  summary: "Query the log with times of acceptance",
  permission: "subscribe",
  body: z.strictObject({ query: historyQuerySchema satisfies z.ZodType<HistoryQuery>, page }),
  result: z.object({ events: z.array(recordedEventSchema), cursor: z.string().exactOptional() }),
  handle: async ({ server, access, body }) => {
    access.checkRead(body.query.type);
    return server.served.engine.log.query(body.query, body.page);
  },
});

export const logPosition = route({
  method: "POST",
  path: "/v1/engine/position",
  summary: "The position of the end, of an event, or of a time",
  permission: "subscribe",
  body: z.strictObject({
    of: z.union([z.literal("end"), z.strictObject({ eventId: z.string() }), z.strictObject({ time: z.number() })]),
  }),
  result: z.object({ position: positionSchema }),
  handle: async ({ server, body }) => ({ position: await server.served.engine.log.position(body.of) }),
});

export const logRead = route({
  method: "POST",
  path: "/v1/engine/read",
  summary: "Read the log from a position on",
  permission: "subscribe",
  body: z.strictObject({ after: positionSchema, limit: z.int().min(1).max(1_000) }),
  result: z.object({ events: z.array(logEntrySchema), position: positionSchema }),
  handle: async ({ server, access, body }) => {
    access.checkAllTypes();
    return server.served.engine.log.readAfter(body.after, body.limit);
  },
});

export const logFlow = route({
  method: "POST",
  path: "/v1/engine/flow",
  summary: "The events of a flow, in order of acceptance",
  permission: "subscribe",
  body: z.strictObject({ correlationId: z.string() }),
  result: z.object({ events: z.array(recordedEventSchema) }),
  handle: async ({ server, access, body: { correlationId } }) => {
    access.checkAllTypes();
    const { log } = server.served.engine;
    if (log.flow !== undefined) return { events: await log.flow(correlationId) };
    const events = [];
    for await (const event of queryAll(log, { correlationId })) events.push(event);
    return { events: events.reverse() };
  },
});

export const logStats = route({
  method: "POST",
  path: "/v1/engine/stats",
  summary: "Count events by type and window",
  permission: "subscribe",
  body: z.strictObject({
    query: z.strictObject({
      type: z.string().exactOptional(),
      since: z.string().exactOptional(),
      until: z.string().exactOptional(),
      window: z.union([z.string(), z.number()]).exactOptional(),
    }) satisfies z.ZodType<StatsQuery>,
  }),
  result: z.object({
    rows: z.array(z.object({ from: z.string().exactOptional(), type: z.string(), count: z.number() })),
  }),
  handle: async ({ server, access, body: { query } }) => {
    access.checkRead(query.type);
    const { log } = server.served.engine;
    return { rows: await (log.stats === undefined ? countByType(log, query) : log.stats(query)) };
  },
});
