import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { codecs } from "../../../../lib/engines/kafka/records/codec.ts";
import { markHeader, readMark, writeMark } from "../../../../lib/engines/kafka/records/mark.ts";
import { type FetchedRecord, openRecord } from "../../../../lib/engines/kafka/records/open-record.ts";
import type { Event } from "../../../../lib/event/event.ts";
import { createCatalog, defineEvent } from "../../../../lib/index.ts";
import { publishable } from "../../../support/publishable.ts";

const taskDone = defineEvent("task.done", { version: 2, data: z.looseObject({ taskId: z.string() }) });
const catalog = createCatalog([taskDone]);
const place = { topic: "agents", partition: 3, offset: 17, timestamp: Date.UTC(2026, 0, 2) };

function recordOf(value: unknown, headers: Readonly<Record<string, string>> = {}): FetchedRecord {
  const text = typeof value === "string" || value === undefined ? value : JSON.stringify(value);
  return { ...place, headers: new Map(Object.entries(headers)), value: text };
}

const text = fc.stringMatching(/^[A-Za-z0-9 ,;ä€"\\-]{1,40}$/).filter((one) => one.trim() === one && one !== "");
const metadata = fc.record(
  {
    causationId: text,
    agentId: text,
    userId: text,
    executionId: text,
    expiresAt: fc.constant("2027-01-01T00:00:00.000Z"),
    tags: fc.array(text, { minLength: 1, maxLength: 4 }),
    traceparent: fc.constant("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    replay: fc.record({ id: text }),
  },
  { requiredKeys: [] },
);
const events: fc.Arbitrary<Event> = fc
  .record({
    id: fc.stringMatching(/^[\x21-\x7e]{1,60}$/),
    source: text,
    data: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 }),
    flow: text,
    priority: fc.integer({ min: 1, max: 10 }),
    version: fc.integer({ min: 1, max: 30 }),
    metadata,
  })
  .map(({ data, flow, id, metadata: more, priority, source, version }) => ({
    id,
    type: "custom.any.thing",
    source,
    time: "2026-01-02T03:04:05.678Z",
    data: publishable(data),
    metadata: { version, correlationId: flow, priority, ...more },
  }));

test.each(["envelope", "cloudevents"] as const)(
  "an event comes back from a record as it was published: %s",
  (format) => {
    fc.assert(
      fc.property(events, (event) => {
        const { headers, value } = codecs[format];
        const mark = [markHeader, writeMark({ ownId: true, history: true, token: undefined })] as const;
        const record = { ...place, value: value(event), headers: new Map([...headers(event), mark]) };
        expect(openRecord(record, catalog)).toEqual({
          ok: true,
          event,
          mark: { ownId: true, history: true, token: undefined },
        });
      }),
    );
  },
);

test("a mark keeps what only the publisher knows", () => {
  for (const ownId of [true, false]) {
    for (const history of [true, false]) {
      for (const token of [undefined, "a-token"]) {
        expect(readMark(writeMark({ ownId, history, token }))).toEqual({ ownId, history, token });
      }
    }
  }
});

test("the envelope of a Python publisher is an event: time without an offset, schema version, ids in snake case, unknown metadata as tags", () => {
  const opened = openRecord(
    recordOf({
      event_id: "evt_1",
      event_type: "task.done",
      timestamp: "2025-03-17T08:45:23.123456",
      source_service: "memory_service",
      payload: { taskId: "t-1" },
      metadata: { user_id: "user_123", agent_id: null, correlation_id: "corr_789", version: "2.1", region: "eu" },
    }),
    catalog,
  );
  expect(opened).toEqual({
    ok: true,
    event: {
      id: "evt_1",
      type: "task.done",
      source: "memory_service",
      time: "2025-03-17T08:45:23.123456Z",
      data: { taskId: "t-1" },
      metadata: { userId: "user_123", correlationId: "corr_789", version: 2, priority: 5, tags: ["meta-region:eu"] },
    },
    mark: { ownId: true, history: true, token: undefined },
  });
});

test("what an envelope lacks is filled in from its place and its timestamp", () => {
  const opened = openRecord(recordOf({ event_type: "custom.x.y", source_service: "s" }), catalog);
  expect(opened).toMatchObject({
    ok: true,
    event: {
      id: "kafka:agents/3/17",
      time: "2026-01-02T00:00:00.000Z",
      data: {},
      metadata: { version: 1, correlationId: "kafka:agents/3/17", priority: 5 },
    },
  });
});

test("a CloudEvent is an event in binary and in structured mode", () => {
  const expected = { id: "a-1", type: "custom.ce", source: "/agents/7", data: { n: 1 } };
  const binary = recordOf(
    { n: 1 },
    { ce_specversion: "1.0", ce_id: "a-1", ce_type: "custom.ce", ce_source: "/agents/7", ce_priority: "3" },
  );
  expect(openRecord(binary, catalog)).toMatchObject({ ok: true, event: { ...expected, metadata: { priority: 3 } } });
  const structured = recordOf(
    { specversion: "1.0", id: "a-1", type: "custom.ce", source: "/agents/7", data: { n: 1 } },
    { "content-type": "application/cloudevents+json; charset=utf-8" },
  );
  expect(openRecord(structured, catalog)).toMatchObject({ ok: true, event: expected });
});

test.each([
  ["no value", undefined, {}, "has no value"],
  ["no JSON", "{", {}, "is not JSON"],
  ["neither form", { hello: 1 }, {}, "neither an envelope"],
  ["no source", { event_type: "custom.x" }, {}, "source_service"],
  ["a source that is none", { event_type: "custom.x", source_service: "" }, {}, "source"],
  [
    "data against the schema",
    { event_type: "task.done", source_service: "s", metadata: { version: "2" } },
    {},
    "taskId",
  ],
  ["a time that is none", { event_type: "custom.x", source_service: "s", timestamp: "yesterday" }, {}, "time"],
  ["a CloudEvent without a type", { n: 1 }, { ce_specversion: "1.0", ce_id: "1", ce_source: "s" }, "type"],
])("a record is no event: %s", (_, value, headers, problem) => {
  const opened = openRecord(recordOf(value, headers), catalog);
  expect(opened).toMatchObject({ ok: false, error: { code: "invalid_event" } });
  expect(opened.ok ? "" : opened.error.message).toContain(problem);
});

test("whatever a record holds, it is read without a throw, and what is no event still has the fields of one", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.jsonValue().map((value) => JSON.stringify({ event_type: value })),
      ),
      fc.dictionary(fc.constantFrom("ce_specversion", "ce_type", "ce_id", "content-type", "waggle"), fc.string()),
      (value, headers) => {
        const { event } = openRecord(recordOf(value, headers), catalog);
        expect(event).toMatchObject({ id: expect.any(String), metadata: { correlationId: expect.any(String) } });
      },
    ),
  );
});
