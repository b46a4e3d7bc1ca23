import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { HistoryQuery, Page, PageOptions } from "../../../../../lib/engine/queries.ts";
import { createClients } from "../../../../../lib/engines/aws/clients.ts";
import { toQueueEntry } from "../../../../../lib/engines/aws/replay/queue-entry.ts";
import { replayStep } from "../../../../../lib/engines/aws/replay/replay-step.ts";
import { toRequests } from "../../../../../lib/engines/aws/replay/send.ts";
import type { Event } from "../../../../../lib/event/event.ts";
import { historyFilter } from "../../../../../lib/history/history-filter.ts";
import { ManualClock } from "../../../../../lib/testing/manual-clock.ts";
import { aBusConfig } from "../../../../support/a-bus-config.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";

const dayMs = 86_400_000;
const config = aBusConfig();

/** History of events, each with the time at which it was accepted; newest first, as the table gives it. */
function history(events: readonly { event: Event; at: number }[]) {
  const newestFirst = events.toSorted((one, other) => other.at - one.at);
  return {
    query: async (query: HistoryQuery, { limit = 100, cursor = "0" }: PageOptions): Promise<Page> => {
      const wants = historyFilter(query);
      const found = newestFirst.filter(({ event, at }) => wants(event, at)).map(({ event }) => event);
      const end = Number(cursor) + limit;
      return { events: found.slice(Number(cursor), end), ...(end < found.length ? { cursor: String(end) } : {}) };
    },
  };
}

async function replayAll(
  events: readonly { event: Event; at: number }[],
  now: number,
  query: HistoryQuery,
  dryRun = false,
) {
  const clock = new ManualClock(now);
  const clients = createClients({ region: "us-east-1" });
  const parts = { config, clients, clock, random: () => 0, history: history(events) };
  const given: Event[] = [];
  const target = { record: aRecord({ name: "readers", on: ["task.*"] }), give: (event: Event) => given.push(event) };
  let cursor: string | undefined;
  let [selected, steps, delivered] = [0, 0, 0];
  do {
    const step = await replayStep(parts, "r1", query, [target], {
      dryRun,
      ...(cursor === undefined ? {} : { cursor }),
    });
    selected += step.events;
    delivered += step.deliveries.readers ?? 0;
    cursor = step.cursor;
    steps += 1;
  } while (cursor !== undefined && steps < 10_000);
  return { given, selected, steps, delivered };
}

test("every event of the selection goes once, oldest first, marked, however dense history is", async () => {
  const now = Date.parse("2026-06-01T00:00:00Z");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.integer({ min: 1, max: 29 * dayMs }), fc.constantFrom(5_000, 5_001)), { maxLength: 60 }),
      fc.integer({ min: 0, max: 3 }),
      async (ages, bursts) => {
        const dense = Array.from({ length: bursts * 700 }, (_, n) => 7_000_000 + (n % 900));
        const events = [...ages, ...dense].map((age, n) => {
          const type = n % 5 === 4 ? "custom.other" : "task.created";
          return { event: anEvent({ id: `e${n}`, type }), at: now - age };
        });
        const { given, selected, delivered } = await replayAll(events, now, {});
        expect(selected).toBe(events.length);
        const wanted = events.filter(({ event }) => event.type === "task.created");
        expect(delivered).toBe(wanted.length);
        const atOf = new Map(events.map(({ event, at }) => [event.id, at]));
        const times = given.map(({ id }) => atOf.get(id) ?? 0);
        expect(times).toEqual(times.toSorted((one, other) => one - other));
        expect(new Set(given.map(({ id }) => id)).size).toBe(wanted.length);
        expect(given.every(({ metadata }) => metadata.replay?.id === "r1")).toBe(true);
      },
    ),
    { numRuns: 40 },
  );
});

test("a dry run counts the same and gives nothing", async () => {
  const now = Date.parse("2026-06-01T00:00:00Z");
  const events = [1, 2, 3].map((n) => ({ event: anEvent({ id: `e${n}` }), at: now - n * dayMs }));
  expect(await replayAll(events, now, { since: new Date(now - 2 * dayMs) }, true)).toMatchObject({
    selected: 2,
    delivered: 2,
    given: [],
  });
});

test("what is accepted once the replay began is not replayed, and an empty history ends soon", async () => {
  const now = Date.parse("2026-06-01T00:00:00Z");
  const { selected, steps } = await replayAll([{ event: anEvent(), at: now + 5_000 }], now, {});
  expect(selected).toBe(0);
  expect(steps).toBeLessThan(10);
});

test("a cursor that is none is refused", async () => {
  const parts = {
    config,
    clients: createClients({ region: "us-east-1" }),
    clock: new ManualClock(0),
    random: () => 0,
    history: history([]),
  };
  await expect(replayStep(parts, "r", {}, [], { dryRun: true, cursor: "x" })).rejects.toMatchObject({
    code: "invalid_config",
  });
});

test("a request has ten messages and a mebibyte at most, and messages keep their order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1_048_576 }), { maxLength: 60 }), (sizes) => {
      const entries = sizes.map((bytes, n) => ({ bytes, entry: { MessageBody: String(n) } }));
      const requests = toRequests(entries);
      expect(requests.flat()).toEqual(entries);
      for (const request of requests) {
        expect(request.length).toBeGreaterThan(0);
        expect(request.length).toBeLessThanOrEqual(10);
        expect(request.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(1_048_576);
      }
    }),
  );
});

const fifo = { schema: 1, queueUrl: "q", fifo: true, consumer: "process" } as const;

test("in a FIFO queue the key is the group, whatever it holds; the same again is the same message", () => {
  const record = aRecord({ name: "readers", ordered: "data.key" });
  const keys = ["a", "with space", "ü", "x".repeat(129), "!~"];
  const groups = keys.map((key) => {
    const event = anEvent({ data: { key } });
    const { entry } = toQueueEntry(event, { ...fifo, record }, { attribute: "replay", id: "r1" });
    expect(entry).toEqual(toQueueEntry(event, { ...fifo, record }, { attribute: "replay", id: "r1" }).entry);
    const again = toQueueEntry(event, { ...fifo, record }, { attribute: "replay", id: "r2" }).entry;
    expect(again.MessageDeduplicationId).not.toBe(entry.MessageDeduplicationId);
    return entry.MessageGroupId ?? "";
  });
  expect(groups.every((group) => /^[\x21-\x7e]{1,128}$/.test(group))).toBe(true);
  expect(new Set(groups).size).toBe(keys.length);
  expect(groups[0]).toBe("a");
});

test("a message that SQS would refuse is refused with its size", () => {
  const record = aRecord({ name: "readers" });
  const event = anEvent({ data: { text: "x".repeat(1_048_576) } });
  expect(() => toQueueEntry(event, { ...fifo, fifo: false, record }, { attribute: "redriven", id: "d" })).toThrow(
    expect.objectContaining({ code: "event_too_large" }),
  );
});
