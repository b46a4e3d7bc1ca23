import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { type Event, eventIdNames } from "../event/event.ts";
import { normalizeTime } from "../event/time.ts";
import type { DeadLetter } from "./delivery.ts";
import type { DeadLetterQuery, HistoryQuery } from "./queries.ts";
import { typeMatcher } from "./type-names.ts";

/** A point in time of a query, in milliseconds. `invalid_config` names the field. */
export function queryTime(value: string | Date | undefined, field: string): number | undefined {
  if (value === undefined) return undefined;
  const at = value instanceof Date ? value.getTime() : Date.parse(normalizeTime(value) ?? "");
  if (Number.isFinite(at)) return at;
  throw new BusError(
    "invalid_config",
    `${field}: ${shortForm(value)} is not a time; give RFC 3339, such as 2026-01-31T12:00:00Z`,
  );
}

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
  const happenedSince = queryTime(query.happenedSince, "happenedSince");
  const happenedUntil = queryTime(query.happenedUntil, "happenedUntil");
  if (since !== undefined) tests.push((_, acceptedAt) => acceptedAt >= since);
  if (until !== undefined) tests.push((_, acceptedAt) => acceptedAt < until);
  if (happenedSince !== undefined) tests.push((event) => Date.parse(event.time) >= happenedSince);
  if (happenedUntil !== undefined) tests.push((event) => Date.parse(event.time) < happenedUntil);
  return (event, acceptedAt) => tests.every((test) => test(event, acceptedAt));
}

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
