import * as z from "zod";
import { a2aPieces, decodeId } from "../a2a/a2a-stream.ts";
import { streamResponseSchema } from "../a2a/protocol.ts";
import { flag } from "../http/query.ts";
import { route } from "../http/route.ts";
import { checkRecorded, startOfFlow } from "../streams/flow-start.ts";
import { eventStreamType } from "../streams/sse.ts";
import { streamResponse } from "../streams/stream-response.ts";

export const a2a = route({
  method: "GET",
  path: "/v1/flows/{id}/a2a",
  summary: "Follow the tasks of a flow as A2A events",
  description:
    "Server-sent events, each a `StreamResponse` of A2A 1.0: a `task` when it is first heard of, then its `statusUpdate` and `artifactUpdate`, the past of the " +
    "flow first. A client that was cut off sends the last `id` as `Last-Event-ID`. The stream ends once all tasks of the flow have.",
  permission: "subscribe",
  params: z.object({ id: z.string().min(1).max(128) }),
  query: z.strictObject({
    follow: flag.exactOptional().meta({ description: "`1`: goes on after that, for the next task of the flow." }),
  }),
  result: streamResponseSchema,
  produces: eventStreamType,
  handle: async ({ server, access, params: { id: flow }, query, request, signal }) => {
    access.checkAllTypes();
    const given = request.headers.get("last-event-id") ?? "";
    const last = given === "" ? undefined : decodeId(given);
    if (last !== undefined) await checkRecorded(server, last, flow);
    const from = await startOfFlow(server, flow);
    const gone = new AbortController();
    const end = AbortSignal.any([signal, gone.signal]);
    const pieces = a2aPieces(server, { flow, from, last, follow: query.follow === true, signal: end });
    return streamResponse({
      clock: server.served.clock,
      heartbeatMs: server.settings.heartbeatMs,
      pieces: {
        next: () => pieces.next(),
        return: async () => {
          gone.abort();
          return { done: true, value: undefined };
        },
      },
    });
  },
});
