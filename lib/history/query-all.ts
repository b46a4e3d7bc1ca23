import type { EventLog, RecordedEvent } from "../engine/event-log.ts";
import type { HistoryQuery } from "../engine/queries.ts";

/** Events read at a time, the most that a log gives. */
const pageSize = 1_000;

/** Everything that a query selects, oldest first. */
export async function* queryAll(
  log: Pick<EventLog, "query">,
  query: HistoryQuery,
): AsyncGenerator<RecordedEvent, void, void> {
  let cursor: string | undefined;
  do {
    const page = await log.query(query, {
      order: "oldest",
      limit: pageSize,
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield* page.events;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
