import * as z from "zod";
import type { Position } from "../../engine/event-log.ts";
import { BusError } from "../../error/bus-error.ts";
import { AgUiStream } from "../ag-ui/ag-ui-stream.ts";
import { agUiEventSchema } from "../ag-ui/protocol.ts";
import { decodePoint } from "../ag-ui/resume-point.ts";
import { flag } from "../http/query.ts";
import { route } from "../http/route.ts";
import type { Server } from "../server-context.ts";
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
    const from = await startOf(server, flow);
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

async function checkRecorded({ served }: Server, id: string, flow: string): Promise<void> {
  const event = await served.engine.log.get(id);
  if (event?.metadata.correlationId === flow) return;
  throw new BusError(
    "not_found",
    "the stream cannot go on from there: history has not got what it sent last; begin again without Last-Event-ID",
  );
}

/** Before the first event of a flow; where there is none yet, the end. */
async function startOf({ served }: Server, flow: string): Promise<Position> {
  const { log } = served.engine;
  const find = async () => (await log.query({ correlationId: flow }, { limit: 1, order: "oldest" })).events[0];
  const found = await find();
  if (found !== undefined) return log.position({ time: found.acceptedAt });
  const end = await log.position("end");
  // What was published meanwhile lies before that end.
  const late = await find();
  return late === undefined ? end : log.position({ time: late.acceptedAt });
}
