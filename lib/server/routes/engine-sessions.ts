import * as z from "zod";
import { deliveryWire, sessionUpdateSchema } from "../../engines/http/wire/schemas.ts";
import { toAnswerable } from "../http/problem.ts";
import { route } from "../http/route.ts";
import { eventStreamType } from "../streams/sse.ts";
import { streamResponse } from "../streams/stream-response.ts";

// The sessions of http engines: what each consumes and holds.

const session = z.object({ id: z.string() });

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
      (body.settle ?? []).map(async ({ receipt, outcome, ranMs }) => {
        try {
          await one.settle(receipt, outcome, ranMs);
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
