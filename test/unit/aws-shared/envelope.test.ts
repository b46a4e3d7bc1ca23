import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { acceptedAt, openEnvelope, putEntryBytes, toEnvelope, toPutEntry } from "../../../lib/aws-shared/index.ts";
import { standardCatalog } from "../../../lib/catalog/index.ts";
import { openMessage } from "../../../lib/engines/aws/dead-letters/invalid-event.ts";
import type { Event } from "../../../lib/event/event.ts";
import { createIds } from "../../../lib/event/id.ts";
import { eventSize } from "../../../lib/event/size.ts";
import { anEvent } from "../../support/an-event.ts";
import { publishable } from "../../support/publishable.ts";

/** When the messages of these tests came to their queue. */
const sentMs = Date.parse("2026-11-20T10:00:01Z");

/** What a rule brings for an entry of another program. */
function putByOthers(parts: Record<string, unknown>): string {
  return JSON.stringify({
    version: "0",
    id: "6f2a7a52-1111-4c1c-9a3e-0d9c11f1d2aa",
    "detail-type": "task.completed",
    source: "legacy",
    account: "123456789012",
    time: "2026-11-20T10:00:00Z",
    region: "eu-central-1",
    resources: [],
    detail: { data: { taskId: "t-1" } },
    ...parts,
  });
}

function opened(body: string): Event {
  const result = openEnvelope(body, standardCatalog, sentMs);
  if (!result.ok) throw result.error;
  return result.event;
}

function refusal(body: string) {
  const result = openEnvelope(body, standardCatalog, sentMs);
  if (result.ok) throw new Error("it was taken");
  return result;
}

describe("an event on the wire", () => {
  test("comes out as it went in", () => {
    const events = fc.record({
      id: fc.string({
        unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
        minLength: 1,
        maxLength: 128,
      }),
      data: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })).map(publishable),
      agentId: fc.stringMatching(/^[a-z]{1,20}$/),
      priority: fc.integer({ min: 1, max: 10 }),
      replay: fc.option(fc.uuid(), { nil: undefined }),
    });
    fc.assert(
      fc.property(events, ({ id, data, agentId, priority, replay }) => {
        const mark = replay === undefined ? {} : { replay: { id: replay } };
        const event = anEvent({ id, type: "custom.x.y", data, metadata: { agentId, priority, ...mark } });
        expect(opened(toEnvelope(event))).toEqual(event);
      }),
    );
  });

  test("is an entry whose Detail holds id, time, data and metadata", () => {
    const event = anEvent({ data: { taskId: "t-1" }, time: "2026-01-01T00:00:00.123Z" });
    const { Detail, ...entry } = toPutEntry(event);
    expect(entry).toEqual({
      Source: "test",
      DetailType: "task.created",
      Time: new Date("2026-01-01T00:00:00.123Z"),
    });
    const { id, time, data, metadata } = event;
    expect(JSON.parse(Detail)).toEqual({ id, time, data, metadata });
  });

  test("weighs what the limit on events counts", () => {
    const event = anEvent({ source: "prüfer", data: { text: "größer" } });
    expect(putEntryBytes(toPutEntry(event))).toBe(eventSize(event));
  });
});

describe("an event that another program put", () => {
  test("has what it lacks filled in", () => {
    expect(opened(putByOthers({}))).toEqual({
      id: "6f2a7a52-1111-4c1c-9a3e-0d9c11f1d2aa",
      type: "task.completed",
      source: "legacy",
      time: "2026-11-20T10:00:00Z",
      data: { taskId: "t-1" },
      metadata: { version: 1, correlationId: "6f2a7a52-1111-4c1c-9a3e-0d9c11f1d2aa", priority: 5 },
    });
  });

  test("keeps what it gives", () => {
    const detail = {
      id: "order-7",
      time: "2026-11-20T09:59:59.5Z",
      data: { taskId: "t-1", more: true },
      metadata: { correlationId: "flow-1", agentId: "a-1", tags: ["x"], priority: 2 },
    };
    expect(opened(putByOthers({ detail }))).toMatchObject({
      id: "order-7",
      time: "2026-11-20T09:59:59.5Z",
      data: { taskId: "t-1", more: true },
      metadata: { version: 1, correlationId: "flow-1", agentId: "a-1", tags: ["x"], priority: 2 },
    });
  });

  test("is refused where its data are invalid for its type, and kept as far as it goes", () => {
    const { error, event } = refusal(putByOthers({ detail: { id: "bad-1", data: { taskId: 7 } } }));
    expect(error).toMatchObject({ code: "invalid_event", message: expect.stringContaining("taskId") });
    expect(event).toMatchObject({ id: "bad-1", type: "task.completed", source: "legacy", data: { taskId: 7 } });
  });

  test("is refused without data, and what it has instead is kept", () => {
    const { error, event } = refusal(putByOthers({ detail: { orderId: 7 } }));
    expect(error).toMatchObject({ code: "invalid_event", message: expect.stringContaining("detail.orderId") });
    expect(event.data).toEqual({ orderId: 7 });
  });

  test.each([
    ["an id that is none", { id: "", data: { taskId: "t" } }],
    ["an id in two lines", { id: "a\nb", data: { taskId: "t" } }],
    ["a time that is none", { time: "yesterday", data: { taskId: "t" } }],
    ["metadata that is none", { data: { taskId: "t" }, metadata: { priority: 11 } }],
    ["a time of delivery that is none", { data: { taskId: "t" }, metadata: { deliverAt: "tomorrow" } }],
    ["one that is too far ahead", { data: { taskId: "t" }, metadata: { deliverAt: "2026-11-27T10:10:01.001Z" } }],
    [
      "one that comes after its expiry",
      {
        data: { taskId: "t" },
        metadata: { deliverAt: "2026-11-21T00:00:00Z", expiresAt: "2026-11-20T23:00:00Z" },
      },
    ],
    ["metadata nobody knows", { data: { taskId: "t" }, metadata: { colour: "red" } }],
    ["a version that is none", { data: { taskId: "t" }, metadata: { version: "1" } }],
  ])("is refused with %s", (_, detail) => {
    expect(refusal(putByOthers({ detail })).error.code).toBe("invalid_event");
  });

  test("may say when to deliver it; a publisher whose clock is ahead may say 7 days", () => {
    const detail = { data: { taskId: "t" }, metadata: { deliverAt: "2026-11-27T11:10:00.9995+01:00" } };
    expect(opened(putByOthers({ detail })).metadata.deliverAt).toBe("2026-11-27T10:10:01.000Z");
  });

  test("passes by its shape where the catalog does not know its type or its version", () => {
    expect(opened(putByOthers({ "detail-type": "billing.invoice.sent" })).type).toBe("billing.invoice.sent");
    const later = { data: { anything: 1 }, metadata: { version: 99 } };
    expect(opened(putByOthers({ detail: later })).metadata.version).toBe(99);
  });

  test.each([
    "",
    "{",
    "[]",
    '"text"',
    '{"detail":{}}',
    '{"id":"1","detail-type":"a.b","source":"s","time":"t","detail":[]}',
  ])("is not an event at all: %s", (body) => {
    expect(() => openEnvelope(body, standardCatalog, sentMs)).toThrow(
      expect.objectContaining({ code: "invalid_event" }),
    );
  });

  test.each([
    ["9007199254740993", "detail.data.amount is 9007199254740993, which would become 9007199254740992"],
    ["0.1234567890123456789", "detail.data.amount is 0.1234567890123456789, which would become"],
    ['1,"amount":2', 'detail.data has the key "amount" twice'],
  ])("is refused where JavaScript would change it, by the name of the field: %s", (amount, problem) => {
    const body = putByOthers({ detail: { data: { amount: "AMOUNT" } } }).replace('"AMOUNT"', amount);
    expect(() => openEnvelope(body, standardCatalog, sentMs)).toThrow(
      expect.objectContaining({ code: "invalid_event", message: expect.stringContaining(problem) }),
    );
    // Redriven it must not reach anybody changed.
    const opened = openMessage(body, sentMs, standardCatalog);
    expect(opened).toMatchObject({ ok: false, event: { type: "custom.unreadable", data: { stored: body } } });
  });

  test.each(["9007199254740991", "1e21", "1.0E3", "0.1"])("keeps the number %s", (amount) => {
    const body = putByOthers({ detail: { data: { taskId: "t", amount: "AMOUNT" } } }).replace('"AMOUNT"', amount);
    expect(opened(body).data).toEqual({ taskId: "t", amount: JSON.parse(amount) });
  });

  test("from EventBridge's archive names its replay, and stays as it was published", () => {
    const published = anEvent({ type: "task.created", data: { taskId: "t" } });
    const body = JSON.stringify({ ...JSON.parse(toEnvelope(published)), "replay-name": "march" });
    expect(openEnvelope(body, standardCatalog, sentMs)).toEqual({ ok: true, event: published, archiveReplay: "march" });
  });

  test("never makes the reader throw anything else", () => {
    const details = fc.dictionary(fc.constantFrom("id", "time", "data", "metadata", "x"), fc.jsonValue());
    fc.assert(
      fc.property(details, (detail) => {
        const result = openEnvelope(putByOthers({ detail }), standardCatalog, sentMs);
        expect(result.ok || result.error.code === "invalid_event").toBe(true);
      }),
    );
  });
});

describe("acceptance", () => {
  const now = Date.parse("2026-11-20T10:00:00Z");

  test("is the time inside the id", () => {
    expect(acceptedAt(anEvent({ id: createIds({ now: () => now - 599_000 })() }), now)).toBe(now - 599_000);
  });

  test("is when it came to the queue, where the id is somebody's own or claims another time", () => {
    expect(acceptedAt(anEvent({ id: "order-7" }), now)).toBe(now);
    expect(acceptedAt(anEvent({ id: createIds({ now: () => now - 601_000 })() }), now)).toBe(now);
    expect(acceptedAt(anEvent({ id: createIds({ now: () => now + 601_000 })() }), now)).toBe(now);
  });
});
