import { type Bus, type Event, type HistoryQuery, RetryAfterError } from "wagglebus";

/** Returns all events that match a query, oldest first. */
export async function findAll(history: Pick<Bus["history"], "query">, query: HistoryQuery): Promise<Event[]> {
  const events: Event[] = [];
  let cursor: string | undefined;
  do {
    const page = await history.query({ ...query, limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    events.push(...page.events);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return events.reverse();
}

const longestWaitMs = 300_000;

/**
 * Returns an error for a handler to throw if history does not have an event yet: an engine may deliver an event before it
 * records it. The handler is retried after half a second, then after twice the time before, up to five minutes; 30 attempts
 * take well over an hour.
 */
export function notRecordedYet(what: string, attempt: number): RetryAfterError {
  return new RetryAfterError(
    `${what} is not in history yet; redrive this once it is, or discard this if history no longer keeps it`,
    Math.min(500 * 2 ** Math.min(attempt - 1, 20), longestWaitMs),
  );
}
