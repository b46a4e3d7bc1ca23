import type { DeadLetter } from "../engine/delivery.ts";
import type { DeadLetterQuery } from "../engine/queries.ts";
import { typeMatcher } from "../pattern/type-names.ts";
import { queryTime } from "../runtime/query-time.ts";

/** A test for dead letters by a query. */
export function deadLetterFilter(query: DeadLetterQuery): (letter: DeadLetter) => boolean {
  const wants = query.type === undefined ? undefined : typeMatcher([query.type]);
  const since = queryTime(query.since, "since");
  const until = queryTime(query.until, "until");
  return (letter) =>
    (query.subscription === undefined || letter.subscription === query.subscription) &&
    (wants === undefined || wants(letter.event.type)) &&
    (query.correlationId === undefined || letter.event.metadata.correlationId === query.correlationId) &&
    (query.eventId === undefined || letter.event.id === query.eventId) &&
    (query.code === undefined || letter.reason.code === query.code) &&
    (since === undefined || Date.parse(letter.deadAt) >= since) &&
    (until === undefined || Date.parse(letter.deadAt) < until);
}
