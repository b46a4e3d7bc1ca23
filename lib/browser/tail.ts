import { readSse } from "../engines/http/wire/sse-reader.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import { parse, type Requests } from "./requests.ts";
import { toEvent } from "./to-event.ts";

/** What to follow: the filters of history. Without one: everything. */
export interface TailFilter {
  /** Exact type, `*` allowed; several: any of them. */
  readonly type?: string | readonly string[];
  /** A correlation id. */
  readonly flow?: string;
  /** Several: all of them. */
  readonly tag?: string | readonly string[];
  /** The service or agent that published. */
  readonly source?: string;
  /** `metadata.agentId`. */
  readonly agentId?: string;
  /** `metadata.userId`. */
  readonly userId?: string;
  /** `metadata.streamId`. */
  readonly streamId?: string;
  /** An EventBridge pattern over the event. */
  readonly pattern?: object;
}

/** How to follow. */
export interface TailOptions {
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** RFC 3339: begins with what was accepted then. Default: with what comes. */
  readonly since?: string;
  /** Whether to follow what history does not keep as well, such as the text of a model as it comes. Default false. */
  readonly deltas?: boolean;
  /** With `deltas`: pieces were missed. The running streams begin anew with the next event: drop what is shown of them. */
  readonly onReset?: () => void;
  /** With `deltas`: the beginning of a stream is gone, by its `streamId` or else its `correlationId`. */
  readonly onTruncated?: (stream: { readonly streamId?: string; readonly correlationId?: string }) => void;
  /** Whether there is a connection. */
  readonly onConnection?: (connected: boolean) => void;
}

/** Milliseconds without a byte after which a connection counts as broken; a server sends a heartbeat every 15 s. */
const silenceMs = 50_000;
const shortestPauseMs = 250;
const longestPauseMs = 10_000;

/** Follows a server, over broken connections and restarts, without a gap and without an event twice. */
export async function* follow(
  requests: Requests,
  filter: TailFilter,
  options: TailOptions,
): AsyncGenerator<Event, void, void> {
  const { signal, onConnection } = options;
  const path = `/v1/tail?${queryOf(filter, options)}`;
  const state = { lastId: "", pauseMs: shortestPauseMs };
  while (!isOver(signal)) {
    try {
      yield* read(requests, path, options, state);
    } catch (thrown) {
      const error = toBusError(thrown);
      if (isOver(signal)) return;
      // Only a server that is away, or too busy, may be there again later.
      if (!error.retryable && error.code !== "closed" && error.code !== "aborted") throw error;
    } finally {
      onConnection?.(false);
    }
    await pause(state.pauseMs, signal);
    state.pauseMs = Math.min(state.pauseMs * 2, longestPauseMs);
  }
}

/** Asked anew each time: it fires while something is awaited. */
function isOver(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

interface State {
  lastId: string;
  pauseMs: number;
}

/** What one connection brings. */
async function* read(
  requests: Requests,
  path: string,
  { signal, onConnection, onReset, onTruncated }: TailOptions,
  state: State,
): AsyncGenerator<Event, void, void> {
  const connection = new AbortController();
  const end = () => connection.abort();
  signal?.addEventListener("abort", end);
  let silence = setTimeout(end, silenceMs);
  try {
    const { body } = await requests.open(path, {
      signal: connection.signal,
      headers: { accept: "text/event-stream", ...(state.lastId === "" ? {} : { "last-event-id": state.lastId }) },
    });
    if (body === null) throw new BusError("unavailable", "the answer has no stream");
    onConnection?.(true);
    state.pauseMs = shortestPauseMs;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(end, silenceMs);
    };
    // The id counts once the messages before it have been taken.
    let nextId = state.lastId;
    const messages = readSse(chunksOf(body), { onBytes: heard, onId: (id) => (nextId = id) });
    for await (const { event, data, id } of messages) {
      state.lastId = id === "" ? nextId : id;
      if (event === "message") yield toEvent(parse(data));
      else if (event === "reset") onReset?.();
      else if (event === "truncated") onTruncated?.(parse(data) ?? {});
    }
    state.lastId = nextId;
  } catch (thrown) {
    if (thrown instanceof BusError) throw thrown;
    throw new BusError("unavailable", "the connection broke", { cause: thrown });
  } finally {
    clearTimeout(silence);
    signal?.removeEventListener("abort", end);
    end();
  }
}

/** Not every browser can iterate over a stream. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function queryOf({ pattern, ...filter }: TailFilter, { since, deltas }: TailOptions): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...filter, since })) {
    for (const one of [value].flat()) if (one !== undefined) query.append(name, one);
  }
  if (pattern !== undefined) query.set("pattern", JSON.stringify(pattern));
  if (deltas === true) query.set("deltas", "1");
  return query.toString();
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms / 2 + (Math.random() * ms) / 2);
    signal?.addEventListener("abort", end);
    if (signal?.aborted === true) end();
  });
}
