import type { DeadLetterStore } from "../engine/dead-letter-store.ts";
import type { DeadLetter } from "../engine/delivery.ts";
import type { DeadLetterQuery } from "../engine/queries.ts";

/** Dead letters read at a time, the most that a store gives. */
const pageSize = 1_000;

/** All dead letters that a query selects, newest first. */
export async function* eachDeadLetter(
  store: Pick<DeadLetterStore, "list">,
  query: DeadLetterQuery,
): AsyncGenerator<DeadLetter, void, void> {
  let cursor: string | undefined;
  do {
    const page = await store.list(query, { limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.deadLetters;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
