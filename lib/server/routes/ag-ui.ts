import * as z from "zod";
import { AgUiStream } from "../ag-ui/ag-ui-stream.ts";
import { agUiEventSchema } from "../ag-ui/protocol.ts";
import { decodePoint } from "../ag-ui/resume-point.ts";
import { flag } from "../http/query.ts";
import { route } from "../http/route.ts";
import { checkRecorded, startOfFlow } from "../streams/flow-start.ts";
import { eventStreamType, heartbeat } from "../streams/sse.ts";
import { streamResponse } from "../streams/stream-response.ts";

export const agUi = route({
  method: "GET",
  path: "/v1/flows/{id}/ag-ui",
  summary: "Follow a flow as AG-UI events",
  description:
    "Server-sent events of AG-UI 1.0, the past of the flow first. Each has an `id`: a client that was cut off sends it as " +
    "`Last-Event-ID`, and goes on in mid-message. The stream ends after a run, once nothing more of the flow is recorded.",
  permission: "subscribe",
  params: z.object({ id: z.string().min(1).max(128) }),
  query: z.strictObject({
    follow: flag.exactOptional().meta({ description: "`1`: goes on after a run, for the next one of the flow." }),
  }),
  result: agUiEventSchema,
  produces: eventStreamType,
  handle: async ({ server, access, params: { id: flow }, query, request, signal }) => {
    access.checkAllTypes();
    const last = request.headers.get("last-event-id") ?? "";
    const resume = last === "" ? undefined : decodePoint(last);
    if (resume?.last !== undefined && resume.last !== null) await checkRecorded(server, resume.last, flow);
    const from = await startOfFlow(server, flow);
    const gone = new AbortController();
    const end = AbortSignal.any([signal, gone.signal]);
    const stream = new AgUiStream(server, { flow, from, resume, follow: query.follow === true, signal: end });
    const pieces = stream.pieces();
    return streamResponse({
      clock: server.served.clock,
      heartbeatMs: server.settings.heartbeatMs,
      beat: () => heartbeat,
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
