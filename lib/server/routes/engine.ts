import { createHash, randomUUID } from "node:crypto";
import * as z from "zod";
import type { Engine } from "../../engine/engine.ts";
import {
  deadLetterWire,
  endedResult,
  engineInfoSchema,
  erasureCounts,
  erasureSelection,
  pendingWire,
  recentlyEndedResult,
  recordWire,
  wireEvent,
} from "../../engines/http/wire/schemas.ts";
import { BusError } from "../../error/bus-error.ts";
import { mostSamples } from "../../history/rates.ts";
import { subscriptionRecord } from "../../subscription/record.ts";
import { route } from "../http/route.ts";
import { forwardToOwner } from "../sessions/forward.ts";
import { append, logFlow, logGet, logPosition, logQuery, logRead, logStats } from "./engine-log.ts";
import { endSession, openSession, streamSession, updateSession } from "./engine-sessions.ts";

// What the http engine speaks: the ports of an engine, as routes. Its bus checks, runs and retries by itself.

const none = z.strictObject({});

/** Engines that do not name their store have one of their own each. */
const ownStores = new WeakMap<Engine, string>();

/** What names the store to clients: a digest, as a path is none of their business. */
function storeOf(engine: Engine): string {
  const own = ownStores.get(engine) ?? randomUUID();
  ownStores.set(engine, own);
  return engine.store === undefined ? own : createHash("sha256").update(engine.store).digest("base64url");
}

export const engineInfo = route({
  method: "GET",
  path: "/v1/engine",
  summary: "What the bus behind the server can do",
  permission: "any",
  result: engineInfoSchema,
  handle: async ({ server: { served } }) => ({
    name: served.engine.name,
    capabilities: [...served.engine.capabilities],
    store: storeOf(served.engine),
  }),
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
  handle: async ({ server, access, body: { subscription, events, ...options } }) => {
    access.checkTypes(events.map(({ type }) => type));
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

export const ended = route({
  method: "POST",
  path: "/v1/engine/ended",
  summary: "How the deliveries of a flow ended",
  permission: "subscribe",
  body: z.strictObject({ correlationId: z.string() }),
  result: endedResult,
  handle: async ({ server, access, body: { correlationId } }) => {
    access.checkAllTypes();
    const found = await server.served.engine.deliveries.ended?.(correlationId);
    return found === undefined ? {} : { ended: found };
  },
});

export const recentlyEnded = route({
  method: "POST",
  path: "/v1/engine/recently-ended",
  summary: "The deliveries that ended lately",
  permission: "subscribe",
  body: z.strictObject({ since: z.number(), limit: z.int().min(1).max(mostSamples) }),
  result: recentlyEndedResult,
  handle: async ({ server, access, body: { since, limit } }) => {
    // Who may not read them goes without rates, and has the rest.
    if (!access.seesAll) return {};
    const found = await server.served.engine.deliveries.recentlyEnded?.(since, limit);
    return found === undefined ? {} : { ended: found };
  },
});

export const putDeadLetter = route({
  method: "POST",
  path: "/v1/engine/dead-letters",
  summary: "Keep a dead letter",
  permission: "operate",
  body: deadLetterWire,
  result: none,
  handle: async ({ server, access, body }) => {
    access.checkTypes([body.event.type]);
    await server.served.engine.deadLetters.put(body);
    return {};
  },
});

export const erase = route({
  method: "POST",
  path: "/v1/engine/erase",
  summary: "Erase the data of events",
  permission: "operate",
  body: z.strictObject({ selection: erasureSelection, at: z.iso.datetime(), dryRun: z.boolean() }),
  result: erasureCounts,
  handle: async ({ server, access, body: { selection, ...request } }) => {
    access.checkAllTypes();
    const { erasure, name } = server.served.engine;
    if (erasure === undefined) throw new BusError("invalid_config", `the ${name} engine cannot erase`);
    return erasure.erase(selection, request);
  },
});

export const putRecord = route({
  method: "POST",
  path: "/v1/engine/subscriptions",
  summary: "Create or change a subscription, one that ends with a session too",
  permission: "subscribe",
  body: z.strictObject({ record: recordWire, session: z.string().exactOptional() }),
  result: z.object({ created: z.boolean(), changed: z.array(z.string()) }),
  handle: async ({ server, access, body, request, signal }) => {
    const record = subscriptionRecord(body.record);
    access.checkTypes(record.on);
    const forwarded =
      body.session === undefined ? undefined : await forwardToOwner(server, body.session, request, { body, signal });
    if (forwarded !== undefined) return forwarded;
    const owner = body.session === undefined ? undefined : server.sessions.get(body.session);
    owner?.addEphemeral(record.name);
    return server.served.engine.subscriptions.put(record, { ephemeral: owner !== undefined });
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
  ended,
  recentlyEnded,
  putDeadLetter,
  erase,
  openSession,
  streamSession,
  updateSession,
  endSession,
] as const;
