import type { EventLog, Position } from "../engine/event-log.ts";
import type { HistoryQuery } from "../engine/queries.ts";
import type { Event } from "../event/event.ts";

/** Events of a page. */
const pageSize = 1_000;

/** What history has of a query up to a position, oldest first. */
export async function* readPast(
  log: Pick<EventLog, "query">,
  query: HistoryQuery,
  upTo: Position,
): AsyncGenerator<Event, void, void> {
  let cursor: string | undefined;
  do {
    const page = await log.query(query, {
      order: "oldest",
      limit: pageSize,
      upTo,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { event } of page.events) yield event;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
