import { type Bus, type Event, type HistoryQuery, RetryAfterError } from "wagglebus";

/** All that a query finds, oldest first. */
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
 * For a handler to throw where history does not have what it must have: an engine may record an event after it has
 * delivered it. It is tried again after half a second, then after twice as long each time, up to five minutes; 30 attempts
 * take well over an hour.
 */
export function notRecordedYet(what: string, attempt: number): RetryAfterError {
  return new RetryAfterError(
    `${what} is not in history; if history no longer keeps it, discard this, else redrive it once it is there`,
    Math.min(500 * 2 ** Math.min(attempt - 1, 20), longestWaitMs),
  );
}
