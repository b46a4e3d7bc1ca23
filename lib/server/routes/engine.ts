import * as z from "zod";
import type { HistoryPageOptions, HistoryQuery, StatsQuery } from "../../engine/queries.ts";
import {
  appendResultsSchema,
  deadLetterWire,
  deliveryWire,
  engineInfoSchema,
  entrySchema,
  logEntrySchema,
  pendingWire,
  positionSchema,
  recordedEventSchema,
  recordWire,
  sessionUpdateSchema,
  wireEvent,
} from "../../engines/http/wire/schemas.ts";
import { queryAll } from "../../history/query-all.ts";
import { countByType } from "../../history/stats.ts";
import { subscriptionRecord } from "../../subscription/record.ts";
import { appendEntry } from "../append-entry.ts";
import { toAnswerable } from "../http/problem.ts";
import { route } from "../http/route.ts";
import { historyQuerySchema } from "../schemas/history.ts";
import { eventStreamType } from "../streams/sse.ts";
import { streamResponse } from "../streams/stream-response.ts";

// What the http engine speaks: the ports of an engine, as routes. Its bus checks, runs and retries by itself.

const session = z.object({ id: z.string() });
const none = z.strictObject({});

export const engineInfo = route({
  method: "GET",
  path: "/v1/engine",
  summary: "What the bus behind the server can do",
  permission: "any",
  result: engineInfoSchema,
  handle: async ({ server: { served } }) => ({
    name: served.engine.name,
    capabilities: [...served.engine.capabilities],
  }),
});

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
          return { ok: true, event, duplicate };
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

export const enqueue = route({
  method: "POST",
  path: "/v1/engine/enqueue",
  summary: "Queue past events for one subscription again",
  permission: "operate",
  body: z.strictObject({
    subscription: z.string(),
    events: z.array(wireEvent),
    replayId: z.string().exactOptional(),
    redrivenFrom: z.string().exactOptional(),
  }),
  result: none,
  handle: async ({ server, body: { subscription, events, ...options } }) => {
    await server.served.engine.deliveries.enqueue(subscription, events, options);
    return {};
  },
});

export const pending = route({
  method: "POST",
  path: "/v1/engine/pending",
  summary: "The deliveries of a flow that are under way",
  permission: "subscribe",
  body: z.strictObject({ correlationId: z.string(), limit: z.int().min(1).exactOptional() }),
  result: z.object({ pending: z.array(pendingWire) }),
  handle: async ({ server, access, body: { correlationId, limit } }) => {
    access.checkAllTypes();
    return { pending: (await server.served.engine.deliveries.pending?.(correlationId, limit)) ?? [] };
  },
});

export const putDeadLetter = route({
  method: "POST",
  path: "/v1/engine/dead-letters",
  summary: "Keep a dead letter",
  permission: "operate",
  body: deadLetterWire,
  result: none,
  handle: async ({ server, body }) => {
    await server.served.engine.deadLetters.put(body);
    return {};
  },
});

export const putRecord = route({
  method: "POST",
  path: "/v1/engine/subscriptions",
  summary: "Create or change a subscription, one that ends with a session too",
  permission: "subscribe",
  body: z.strictObject({ record: recordWire, session: z.string().exactOptional() }),
  result: z.object({ created: z.boolean(), changed: z.array(z.string()) }),
  handle: async ({ server, access, body }) => {
    const record = subscriptionRecord(body.record);
    access.checkTypes(record.on);
    const owner = body.session === undefined ? undefined : server.sessions.get(body.session);
    owner?.addEphemeral(record.name);
    return server.served.engine.subscriptions.put(record, { ephemeral: owner !== undefined });
  },
});

export const openSession = route({
  method: "POST",
  path: "/v1/engine/sessions",
  summary: "Open the session of an http engine",
  description:
    "It is lost where it is not renewed within its lease, or has no stream for a third of it: then what it holds has failed.",
  permission: "subscribe",
  body: z.strictObject({ leaseMs: z.int().min(1_000).max(43_200_000) }),
  result: z.object({ id: z.string() }),
  handle: async ({ server, access, body }) => {
    access.checkAllTypes();
    return { id: server.sessions.create(body.leaseMs).id };
  },
});

export const streamSession = route({
  method: "GET",
  path: "/v1/engine/sessions/{id}/stream",
  summary: "What a session is sent: deliveries, changed settings, changes",
  permission: "subscribe",
  params: session,
  result: deliveryWire,
  produces: eventStreamType,
  handle: async ({ server, params, request, signal }) => {
    const gone = new AbortController();
    const after = Number(request.headers.get("last-event-id") ?? 0);
    const pieces = server.sessions
      .get(params.id)
      .stream(Number.isSafeInteger(after) ? after : 0, AbortSignal.any([signal, gone.signal]));
    return streamResponse({
      clock: server.served.clock,
      heartbeatMs: server.settings.heartbeatMs,
      pieces: {
        next: () => pieces.next(),
        return: async () => {
          gone.abort();
          return pieces.return();
        },
      },
    });
  },
});

export const updateSession = route({
  method: "POST",
  path: "/v1/engine/sessions/{id}",
  summary: "Renew a session, say what it consumes, settle deliveries",
  permission: "subscribe",
  params: session,
  body: sessionUpdateSchema,
  result: z.object({ unknown: z.array(z.string()).meta({ description: "Receipts that the session does not hold." }) }),
  handle: async ({ server, params, body }) => {
    const one = server.sessions.get(params.id);
    one.renew();
    if (body.watch !== undefined) one.watch(body.watch);
    if (body.consumers !== undefined) one.consume(body.consumers);
    const unknown: string[] = [];
    await Promise.all(
      (body.settle ?? []).map(async ({ receipt, outcome }) => {
        try {
          await one.settle(receipt, outcome);
        } catch (thrown) {
          const { code } = toAnswerable(thrown);
          if (code !== "not_found") throw thrown;
          unknown.push(receipt);
        }
      }),
    );
    return { unknown };
  },
});

export const endSession = route({
  method: "DELETE",
  path: "/v1/engine/sessions/{id}",
  summary: "End a session; what it holds returns",
  permission: "subscribe",
  params: session,
  result: z.undefined(),
  handle: async ({ server, params }) => {
    await server.sessions.get(params.id).end("given back");
    return undefined;
  },
});

/** All of them, in the order of the documentation. */
export const engineRoutes = [
  engineInfo,
  append,
  logGet,
  logQuery,
  logPosition,
  logRead,
  logFlow,
  logStats,
  putRecord,
  enqueue,
  pending,
  putDeadLetter,
  openSession,
  streamSession,
  updateSession,
  endSession,
] as const;
