import * as z from "zod";
import type { Position } from "../../engine/event-log.ts";
import { BusError } from "../../error/bus-error.ts";
import type { Event } from "../../event/event.ts";
import { parseJson } from "../../event/parse-json.ts";
import { historyFilter } from "../../history/history-filter.ts";
import { compilePattern } from "../../pattern/index.ts";
import { queryTime } from "../../runtime/query-time.ts";
import { route } from "../http/route.ts";
import { eventSchema } from "../schemas/event.ts";
import { historyFilters } from "../schemas/history.ts";
import type { Server } from "../server-context.ts";
import { eventStreamType, formatSse } from "../streams/sse.ts";
import { streamResponse } from "../streams/stream-response.ts";

/** Milliseconds after which a client comes again where the server has ended its stream. */
const retryMs = 1_000;

const { since, until: _until, ids: _ids, ...filters } = historyFilters;

const query = z.strictObject({
  ...filters,
  flow: z.string().min(1).exactOptional().meta({ description: "A correlation id." }),
  pattern: z.string().min(1).exactOptional().meta({ description: "An EventBridge pattern over the event, as JSON." }),
  since: since.meta({ description: "RFC 3339: begins with what was accepted then. Default: with what comes." }),
});

export const tail = route({
  method: "GET",
  path: "/v1/tail",
  summary: "Follow events as they are accepted",
  description:
    "Server-sent events: `data` is an event, `id` says where a client goes on that sends it as `Last-Event-ID`, without a gap and without " +
    "one twice. Without filters: everything that history keeps.",
  permission: "subscribe",
  query,
  result: eventSchema,
  produces: eventStreamType,
  handle: async ({ server, access, query: given, request, signal }) => {
    access.checkRead(given.type);
    const wants = filterOf(given);
    const last = request.headers.get("last-event-id");
    const start = await startOf(server, last, given.since);
    const gone = new AbortController();
    const follower = new Follower(server, start, wants, AbortSignal.any([signal, gone.signal]));
    const pieces = follower.pieces();
    return streamResponse({
      clock: server.served.clock,
      heartbeatMs: server.settings.heartbeatMs,
      // A client that none of many events concerned need not have them looked at again.
      beat: () => formatSse({ id: follower.cursor }),
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

type Wants = (event: Event, acceptedAt: number) => boolean;

function filterOf({ flow, pattern, since: _, ...history }: z.output<typeof query>): Wants {
  if (flow !== undefined && history.correlationId !== undefined) {
    throw new BusError("invalid_config", "the query has flow and correlationId, which are the same; give one of them");
  }
  const inQuery = historyFilter({ ...history, ...(flow === undefined ? {} : { correlationId: flow }) });
  if (pattern === undefined) return inQuery;
  const matches = compilePattern(parseJson(pattern, "the pattern", "invalid_pattern"));
  return (event, acceptedAt) => inQuery(event, acceptedAt) && matches(event);
}

interface Start {
  readonly position: Position;
  /** Whether this process had an event already when the stream began at the end of the log. */
  readonly isKnown?: (event: Event) => boolean;
}

async function startOf({ served, cursors }: Server, last: string | null, since: string | undefined): Promise<Start> {
  const { log } = served.engine;
  if (last !== null && last !== "") return { position: cursors.decode(last) };
  const time = queryTime(since, "since");
  if (time !== undefined) return { position: await log.position({ time }) };
  const isKnown = log.recentlySeen?.();
  return { position: await log.position("end"), ...(isKnown === undefined ? {} : { isKnown }) };
}

/** The same event goes to many streams. */
const jsonOf = new WeakMap<Event, string>();

/** Follows the log for one client. */
class Follower {
  readonly #server: Server;
  readonly #start: Start;
  readonly #wants: Wants;
  readonly #signal: AbortSignal;
  #position: Position;

  constructor(server: Server, start: Start, wants: Wants, signal: AbortSignal) {
    this.#server = server;
    this.#start = start;
    this.#wants = wants;
    this.#signal = signal;
    this.#position = start.position;
  }

  /** Where a client goes on that has got every piece so far. */
  get cursor(): string {
    return this.#server.cursors.encode(this.#position);
  }

  async *pieces(): AsyncGenerator<string, void, void> {
    const { reader, cursors } = this.#server;
    const { position: from, isKnown } = this.#start;
    // A client that is cut off before the first event must not miss it.
    yield formatSse({ id: this.cursor, retryMs });
    for await (const { events, position: end } of reader.after(from, { signal: this.#signal })) {
      for (const { event, acceptedAt, position } of events) {
        if (this.#signal.aborted) break;
        if (this.#wants(event, acceptedAt) && isKnown?.(event) !== true) {
          yield formatSse({ id: cursors.encode(position), data: textOf(event) });
        }
        this.#position = position;
      }
      if (!this.#signal.aborted) this.#position = end;
    }
    yield formatSse({ retryMs });
  }
}

function textOf(event: Event): string {
  const known = jsonOf.get(event);
  if (known !== undefined) return known;
  const text = JSON.stringify(event);
  jsonOf.set(event, text);
  return text;
}
