import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import { parseJson } from "../../event/parse-json.ts";
import { historyFilter } from "../../history/history-filter.ts";
import { compilePattern } from "../../pattern/index.ts";
import { queryTime } from "../../runtime/query-time.ts";
import { flag } from "../http/query.ts";
import { route } from "../http/route.ts";
import { eventSchema } from "../schemas/event.ts";
import { historyFilters } from "../schemas/history.ts";
import type { Server } from "../server-context.ts";
import { eventStreamType, formatSse } from "../streams/sse.ts";
import { streamResponse } from "../streams/stream-response.ts";
import { deltaMark, type Start, TailStream, type Wants } from "../streams/tail-stream.ts";

const { since, until: _until, ids: _ids, ...filters } = historyFilters;

const query = z.strictObject({
  ...filters,
  flow: z.string().min(1).exactOptional().meta({ description: "A correlation id." }),
  pattern: z.string().min(1).exactOptional().meta({ description: "An EventBridge pattern over the event, as JSON." }),
  since: since.meta({ description: "RFC 3339: begins with what was accepted then. Default: with what comes." }),
  deltas: flag.exactOptional().meta({
    description:
      "`1`: also what history does not keep, such as the text of a model as it comes, each running stream from its start.",
  }),
});

export const tail = route({
  method: "GET",
  path: "/v1/tail",
  summary: "Follow events as they are accepted",
  description:
    "Server-sent events: `data` is an event, `id` says where a client goes on that sends it as `Last-Event-ID`, without a gap and without " +
    "one twice. Without filters: everything that history keeps; with `deltas=1` also what it does not keep. Then a message `reset` says that " +
    "running streams begin anew, and `truncated` that the beginning of one is gone.",
  permission: "subscribe",
  query,
  result: eventSchema,
  produces: eventStreamType,
  handle: async ({ server, access, query: given, request, signal }) => {
    access.checkRead(given.type);
    const wants = filterOf(given);
    if (given.deltas === true) server.deltas.check();
    const [last, lastDelta] = (request.headers.get("last-event-id") ?? "").split(deltaMark, 2);
    const start = await startOf(server, last, given.since);
    const gone = new AbortController();
    const stream = new TailStream(server, start, wants, AbortSignal.any([signal, gone.signal]));
    if (given.deltas === true) stream.followDeltas(lastDelta);
    const pieces = stream.pieces();
    return streamResponse({
      clock: server.served.clock,
      heartbeatMs: server.settings.heartbeatMs,
      // A client that none of many events concerned need not have them looked at again.
      beat: () => formatSse({ id: stream.cursor }),
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

function filterOf({ flow, pattern, since: _, deltas: __, ...history }: z.output<typeof query>): Wants {
  if (flow !== undefined && history.correlationId !== undefined) {
    throw new BusError("invalid_config", "the query has flow and correlationId, which are the same; give one of them");
  }
  const inQuery = historyFilter({ ...history, ...(flow === undefined ? {} : { correlationId: flow }) });
  if (pattern === undefined) return inQuery;
  const matches = compilePattern(parseJson(pattern, "the pattern", "invalid_pattern"));
  return (event, acceptedAt) => inQuery(event, acceptedAt) && matches(event);
}

async function startOf(
  { served, cursors }: Server,
  last: string | undefined,
  since: string | undefined,
): Promise<Start> {
  const { log } = served.engine;
  if (last !== undefined && last !== "") return { position: cursors.decode(last) };
  const time = queryTime(since, "since");
  if (time !== undefined) return { position: await log.position({ time }) };
  const isKnown = log.recentlySeen?.();
  return { position: await log.position("end"), ...(isKnown === undefined ? {} : { isKnown }) };
}
