import type { HistoryQuery } from "../engine/queries.ts";
import { type Event, eventIdNames } from "../event/event.ts";
import { typeMatcher } from "../pattern/type-names.ts";
import { instantOf, isBefore, queryInstant, queryTime } from "../runtime/query-time.ts";

/** A test for events by a history query; `acceptedAt` is when the bus took the event, in milliseconds. */
export function historyFilter(query: HistoryQuery): (event: Event, acceptedAt: number) => boolean {
  const tests: ((event: Event, acceptedAt: number) => boolean)[] = [];
  const { source, correlationId, causationId } = query;
  if (query.type !== undefined) {
    const wants = typeMatcher(typeof query.type === "string" ? [query.type] : query.type);
    tests.push((event) => wants(event.type));
  }
  if (query.ids !== undefined) {
    const ids = new Set(query.ids);
    tests.push((event) => ids.has(event.id));
  }
  if (source !== undefined) tests.push((event) => event.source === source);
  if (correlationId !== undefined) tests.push((event) => event.metadata.correlationId === correlationId);
  if (causationId !== undefined) tests.push((event) => event.metadata.causationId === causationId);
  for (const name of eventIdNames) {
    const id = query[name];
    if (id !== undefined) tests.push((event) => event.metadata[name] === id);
  }
  if (query.tag !== undefined) {
    const tags = typeof query.tag === "string" ? [query.tag] : query.tag;
    tests.push((event) => tags.every((tag) => event.metadata.tags?.includes(tag) === true));
  }
  const since = queryTime(query.since, "since");
  const until = queryTime(query.until, "until");
  const happenedSince = queryInstant(query.happenedSince, "happenedSince");
  const happenedUntil = queryInstant(query.happenedUntil, "happenedUntil");
  if (since !== undefined) tests.push((_, acceptedAt) => acceptedAt >= since);
  if (until !== undefined) tests.push((_, acceptedAt) => acceptedAt < until);
  if (happenedSince !== undefined) tests.push(({ time }) => !isBefore(instantOf(time), happenedSince));
  if (happenedUntil !== undefined) tests.push(({ time }) => isBefore(instantOf(time), happenedUntil));
  return (event, acceptedAt) => tests.every((test) => test(event, acceptedAt));
}
