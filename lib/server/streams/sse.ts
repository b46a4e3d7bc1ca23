/** One message of a stream of server-sent events. */
export interface SseMessage {
  /** Where a client that was cut off goes on. */
  readonly id?: string;
  /** The kind; `message` where absent. */
  readonly event?: string;
  /** Text without line breaks, as JSON is; absent where the message only sets the id. */
  readonly data?: string;
  /** Milliseconds after which a client that was cut off comes again. */
  readonly retryMs?: number;
}

/** The media type of a stream. */
export const eventStreamType = "text/event-stream";

/** What keeps a stream open, and tells both sides whether the other is there. */
export const heartbeat = ": \n\n";

/** A message as it is sent. */
export function formatSse({ id, event, data, retryMs }: SseMessage): string {
  return [
    retryMs === undefined ? "" : `retry: ${retryMs}\n`,
    id === undefined ? "" : `id: ${id}\n`,
    event === undefined ? "" : `event: ${event}\n`,
    data === undefined ? "" : `data: ${data}\n`,
    "\n",
  ].join("");
}
