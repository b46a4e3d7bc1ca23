import type { Position } from "../../engine/event-log.ts";
import { BusError } from "../../error/bus-error.ts";
import { shortForm } from "../../error/short-form.ts";
import { selectionOfQuery } from "../../history/log-selections.ts";
import type { Server } from "../server-context.ts";
import { formatSse } from "../streams/sse.ts";
import { TaskMapper } from "./task-mapper.ts";

/** Milliseconds after which a client comes again. */
const retryMs = 1_000;

/** What a stream of tasks follows, and how. */
export interface A2aStreamOptions {
  /** A correlation id. */
  readonly flow: string;
  /** Before the first event of the flow. */
  readonly from: Position;
  /** The event after which a client was cut off. */
  readonly last: string | undefined;
  /** Whether it goes on once all tasks have ended, for the next one of the flow. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/**
 * The tasks of a flow for one client. Of the messages that one event gives, the last has the id: a client that was cut off between them gets
 * them all again, and an artifact that comes again is the same.
 */
export async function* a2aPieces(
  server: Server,
  { flow, from, last, follow, signal }: A2aStreamOptions,
): AsyncGenerator<string, void, void> {
  yield formatSse({ retryMs });
  const mapper = new TaskMapper(flow);
  let isThere = last === undefined;
  for await (const { events, atEnd } of server.reader.after(from, {
    signal,
    wanted: [selectionOfQuery({ correlationId: flow })],
  })) {
    for (const { event } of events) {
      if (event.metadata.correlationId !== flow) continue;
      const updates = mapper.map(event);
      if (isThere) {
        for (const [index, update] of updates.entries()) {
          const id = index === updates.length - 1 ? { id: encodeId(event.id) } : {};
          yield formatSse({ ...id, data: JSON.stringify(update) });
        }
      }
      isThere ||= event.id === last;
    }
    if (atEnd && !follow && mapper.hasEnded) return;
  }
}

/** The id of an event as that of a message, whatever is in it. */
function encodeId(id: string): string {
  return Buffer.from(id).toString("base64url");
}

/** The id of an event. Throws `invalid_config` for what no server gave. */
export function decodeId(given: string): string {
  const id = Buffer.from(given, "base64url").toString();
  if (/^[ -~]{1,128}$/.test(id) && encodeId(id) === given) return id;
  throw new BusError(
    "invalid_config",
    `${shortForm(given)} is not an id of this stream; use the last \`id\` that it sent`,
  );
}
