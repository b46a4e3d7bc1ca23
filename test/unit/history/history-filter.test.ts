import { expect, test } from "vitest";
import { deadLetterFilter } from "../../../lib/dead-letters/dead-letter-filter.ts";
import type { DeadLetterQuery, HistoryQuery } from "../../../lib/engine/queries.ts";
import { historyFilter } from "../../../lib/history/history-filter.ts";
import { queryTime } from "../../../lib/runtime/query-time.ts";
import { anEvent } from "../../support/an-event.ts";

const acceptedAt = Date.parse("2026-03-01T12:00:00Z");
const event = anEvent({
  id: "e1",
  type: "task.failed",
  source: "crew",
  time: "2026-02-01T12:00:00.000Z",
  metadata: { correlationId: "flow", causationId: "cause", agentId: "ada", circleId: "c1", tags: ["red", "blue"] },
});

const cases: { query: HistoryQuery; wanted: boolean }[] = [
  { query: {}, wanted: true },
  { query: { type: "task.failed" }, wanted: true },
  { query: { type: "task.*" }, wanted: true },
  { query: { type: ["task.created", "*.failed"] }, wanted: true },
  { query: { type: ["task.created"] }, wanted: false },
  { query: { source: "crew" }, wanted: true },
  { query: { source: "cre" }, wanted: false },
  { query: { since: "2026-03-01T12:00:00.000000001Z" }, wanted: false },
  { query: { until: "2026-03-01T12:00:00.000000001Z" }, wanted: true },
  { query: { happenedSince: "2026-02-01T12:00:00.000000001Z" }, wanted: false },
  { query: { happenedSince: "2026-02-01T13:00:00.0000+01:00" }, wanted: true },
  { query: { happenedUntil: "2026-02-01T12:00:00.000000001Z" }, wanted: true },
  { query: { correlationId: "flow", causationId: "cause" }, wanted: true },
  { query: { correlationId: "other" }, wanted: false },
  { query: { causationId: "flow" }, wanted: false },
  { query: { agentId: "ada" }, wanted: true },
  { query: { agentId: "bob" }, wanted: false },
  { query: { userId: "ada" }, wanted: false },
  { query: { circleId: "c1", agentId: "ada" }, wanted: true },
  { query: { ids: ["e0", "e1"] }, wanted: true },
  { query: { ids: [] }, wanted: false },
  { query: { tag: "red" }, wanted: true },
  { query: { tag: ["red", "blue"] }, wanted: true },
  { query: { tag: ["red", "green"] }, wanted: false },
  { query: { since: "2026-03-01T12:00:00Z" }, wanted: true },
  { query: { since: "2026-03-01T12:00:00.001Z" }, wanted: false },
  { query: { until: "2026-03-01T12:00:00Z" }, wanted: false },
  { query: { until: new Date("2026-03-01T12:00:00.001Z") }, wanted: true },
  { query: { since: "2026-03-01T14:00:00+02:00" }, wanted: true },
  { query: { happenedSince: "2026-02-01T12:00:00Z" }, wanted: true },
  { query: { happenedSince: "2026-02-01T12:00:01Z" }, wanted: false },
  { query: { happenedUntil: "2026-02-01T12:00:00Z" }, wanted: false },
  { query: { happenedUntil: "2026-02-01T12:00:01Z", type: "task.created" }, wanted: false },
];

test.each(cases)("$query: $wanted", ({ query, wanted }) => {
  expect(historyFilter(query)(event, acceptedAt)).toBe(wanted);
});

test("an event without tags has none of them", () => {
  expect(historyFilter({ tag: "red" })(anEvent(), acceptedAt)).toBe(false);
});

const letter = {
  id: "d1",
  subscription: "readers",
  event,
  reason: { code: "timeout", message: "late", at: "2026-03-01T12:00:00.000Z", attempt: 5 } as const,
  attempts: 5,
  failures: [],
  acceptedAt: "2026-03-01T11:00:00.000Z",
  deadAt: "2026-03-01T12:00:00.000Z",
};

const deadCases: { query: DeadLetterQuery; wanted: boolean }[] = [
  { query: {}, wanted: true },
  {
    query: { subscription: "readers", type: "*.failed", correlationId: "flow", eventId: "e1", code: "timeout" },
    wanted: true,
  },
  { query: { subscription: "writers" }, wanted: false },
  { query: { type: "task.created" }, wanted: false },
  { query: { correlationId: "other" }, wanted: false },
  { query: { eventId: "e2" }, wanted: false },
  { query: { code: "handler_error" }, wanted: false },
  { query: { since: "2026-03-01T12:00:00Z" }, wanted: true },
  { query: { since: "2026-03-01T12:00:01Z" }, wanted: false },
  { query: { until: "2026-03-01T12:00:00Z" }, wanted: false },
];

test.each(deadCases)("dead letters by $query: $wanted", ({ query, wanted }) => {
  expect(deadLetterFilter(query)(letter)).toBe(wanted);
});

// "5" was May of 2001, and a time without an offset was that of the machine.
test.each(["yesterday", "", "5", "Jan 1", "2026-03-01T12:00:00", new Date(Number.NaN)])(
  "queryTime refuses %s",
  (value) => {
    expect(() => queryTime(value, "since")).toThrow(
      /^since must be an RFC 3339 time such as 2026-01-31T12:00:00Z, not /,
    );
  },
);
