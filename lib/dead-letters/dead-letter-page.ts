import type { DeadLetter } from "../engine/delivery.ts";
import { unknownCursor } from "../engine/errors.ts";
import { type DeadLetterPage, type DeadLetterQuery, defaultPageSize, type PageOptions } from "../engine/queries.ts";
import { deadLetterFilter } from "./dead-letter-filter.ts";

/** What the cursors begin with, so that another text is refused. */
const mark = "after ";

/**
 * As {@link DeadLetterStore.list}, for a store that has all its dead letters at hand, newest first. Their ids must be those of
 * the engine's `nextId`, which are ordered: that is what keeps a cursor right while dead letters come and go.
 */
export function deadLetterPage(
  newestFirst: Iterable<DeadLetter>,
  query: DeadLetterQuery,
  { limit = defaultPageSize, cursor }: PageOptions,
): DeadLetterPage {
  if (cursor?.startsWith(mark) === false) throw unknownCursor(cursor);
  const before = cursor?.slice(mark.length);
  const wants = deadLetterFilter(query);
  const deadLetters: DeadLetter[] = [];
  for (const deadLetter of newestFirst) {
    if ((before !== undefined && deadLetter.id >= before) || !wants(deadLetter)) continue;
    const last = deadLetters.at(-1);
    if (deadLetters.length === limit && last !== undefined) return { deadLetters, cursor: mark + last.id };
    deadLetters.push(deadLetter);
  }
  return { deadLetters };
}
