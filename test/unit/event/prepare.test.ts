import { describe, expect, test } from "vitest";
import { prepareEvent } from "../../../lib/event/prepare.ts";
import { eventSize } from "../../../lib/event/size.ts";
import { anEvent } from "../../support/an-event.ts";
import { contextOf, data, draft, paid, prepare, refused } from "./prepare-bench.ts";

describe("prepareEvent fills in", () => {
  test("what the draft omits", () => {
    const prepared = prepareEvent(draft, contextOf());
    expect(prepared).toEqual({
      event: {
        id: "next-id",
        type: "shop.order.paid",
        source: "till",
        time: "2026-01-31T12:00:00.000Z",
        data,
        metadata: { version: 2, correlationId: "next-id", priority: 5 },
      },
      definition: paid,
      ownId: false,
    });
  });

  test("nothing if the draft is complete", () => {
    const given = {
      id: "my id",
      type: "shop.order.paid",
      source: "desk",
      time: "2025-07-31T22:02:29.520113Z",
      data: { ...data, unknown: { kept: [1, "ü"] } },
      metadata: {
        version: 2,
        correlationId: "flow",
        causationId: "cause",
        hops: 7,
        agentId: "a",
        userId: "u",
        streamId: "s",
        nodeId: "n",
        executionId: "ft:gpt-4.1…|[x]",
        circleId: "c",
        projectId: "p",
        priority: 1,
        expiresAt: "2027-01-01T00:00:00Z",
        tags: ["one", "two"],
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        tracestate: "vendor=value",
      },
    };
    const { event, ownId } = prepareEvent(given, contextOf({ cause: anEvent({ metadata: { traceparent: "x" } }) }));
    expect(event).toEqual(given);
    expect(ownId).toBe(true);
  });

  test("times converted to UTC", () => {
    const given = {
      ...draft,
      time: "2025-08-01T00:02:29.520113+02:00",
      metadata: { expiresAt: "2025-08-01T00:00:00-01:00" },
    };
    const { event } = prepareEvent(given, contextOf());
    expect(event.time).toBe("2025-07-31T22:02:29.520113Z");
    expect(event.metadata.expiresAt).toBe("2025-08-01T01:00:00Z");
  });

  test("the flow, cause, trace and replay mark of the causing event", () => {
    const replay = { id: "r" };
    const trace = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "a=b" };
    const cause = anEvent({
      id: "cause",
      metadata: { correlationId: "flow", priority: 1, agentId: "a", replay, ...trace },
    });
    const { metadata } = prepareEvent(draft, contextOf({ cause })).event;
    expect(metadata).toEqual({
      version: 2,
      correlationId: "flow",
      causationId: "cause",
      hops: 1,
      priority: 5,
      replay,
      ...trace,
    });
    const own = { correlationId: "other", traceparent: "00-11111111111111111111111111111111-2222222222222222-00" };
    expect(prepareEvent({ ...draft, metadata: own }, contextOf({ cause })).event.metadata).toEqual({
      version: 2,
      priority: 5,
      causationId: "cause",
      hops: 1,
      replay,
      ...own,
    });
    const deep = anEvent({ metadata: { hops: 41 } });
    expect(prepareEvent(draft, contextOf({ cause: deep })).event.metadata.hops).toBe(42);
    const anew = { ...draft, metadata: { hops: 0 } };
    expect(prepareEvent(anew, contextOf({ cause: deep })).event.metadata).not.toHaveProperty("hops");
  });

  test("fields that are undefined as if they were omitted", () => {
    const given = {
      ...draft,
      id: undefined,
      time: undefined,
      source: undefined,
      metadata: { agentId: undefined, tags: undefined },
      more: undefined,
    };
    expect(prepare(given).event).toEqual(prepareEvent(draft, contextOf()).event);
    expect(Object.keys(prepare(given).event.metadata)).toEqual(["version", "correlationId", "priority"]);
  });
});

test("the event is deeply frozen and shares nothing with the draft", () => {
  const given = { ...draft, data: { ...data, items: [{ price: 1 }] }, metadata: { tags: ["a"] } };
  const { event } = prepareEvent(given, contextOf());
  given.data.items.push({ price: 2 });
  given.metadata.tags.push("b");
  expect(event.data).toEqual({ ...data, items: [{ price: 1 }] });
  expect(event.metadata.tags).toEqual(["a"]);
  for (const part of [event, event.data, Object(event.data).items[0], event.metadata, event.metadata.tags]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
});

test("each field is read once, so a getter cannot change it after the check", () => {
  for (const [name, good, bad] of [
    ["type", "shop.order.paid", "aws.x"],
    ["source", "till", "aws.x"],
    ["id", "id-1", "\n"],
    ["time", "2026-01-01T00:00:00Z", "never"],
  ] as const) {
    let reads = 0;
    const given = Object.defineProperty({ type: "shop.order.paid", data }, name, {
      enumerable: true,
      get: () => (reads++ === 0 ? good : bad),
    });
    expect(prepare(given).event[name]).toBe(good);
  }
});

describe("versions", () => {
  test("an event of an older version is validated by that version's schema and published unchanged", () => {
    const { event } = prepareEvent({ ...draft, data: { order: "o-1" }, metadata: { version: 1 } }, contextOf());
    expect(event.data).toEqual({ order: "o-1" });
    expect(event.metadata.version).toBe(1);
    expect(() => prepare({ ...draft, metadata: { version: 1 } })).toThrow(
      refused("data.order is missing; it must be a string"),
    );
  });

  test("an unknown version is refused", () => {
    expect(() => prepare({ ...draft, metadata: { version: 3 } })).toThrow(
      refused("metadata.version must be 1 or 2, not 3"),
    );
    expect(() => prepare({ type: "custom.x", data: {}, metadata: { version: 0 } })).toThrow(
      refused("metadata.version must be an integer from 1, not 0"),
    );
    expect(prepare({ type: "custom.x", data: {}, metadata: { version: 7 } }).event.metadata.version).toBe(7);
  });
});

describe("types", () => {
  test("without a definition accept any JSON object", () => {
    expect(prepare({ type: "custom.anything", data: { a: [null] } })).toMatchObject({
      event: { data: { a: [null] } },
      definition: undefined,
    });
    expect(() => prepare({ type: "custom.anything", data: [1] })).toThrow(
      refused("data must be an object, not an array of 1"),
    );
  });

  test("must be known, or at least well formed if they need no definition", () => {
    expect(() => prepare({ type: "shop.order.payed", data })).toThrow(
      refused('did you mean "shop.order.paid"?', "unknown_type"),
    );
    expect(() => prepare({ type: "custom.Bad", data })).toThrow(
      refused('type must be two or more words of a-z, 0-9 and _ joined by dots, such as "task.completed", not'),
    );
    expect(() => prepare({ type: `custom.${"x".repeat(122)}`, data })).toThrow(
      refused("type has 129 characters; at most 128 are allowed"),
    );
    expect(() => prepare({ data })).toThrow(refused("type is missing; it must be a string"));
    expect(() => prepare({ type: 5, data })).toThrow(refused('type must be a string such as "task.completed", not 5'));
  });
});

describe("size", () => {
  test("up to the limit is accepted, and one byte more is refused", () => {
    const given = { type: "custom.size", id: "e-1", data: { text: "ü".repeat(2_000) } };
    const size = eventSize(prepare(given).event);
    expect(eventSize(prepare(given, { maxBytes: size }).event)).toBe(size);
    expect(() => prepare(given, { maxBytes: size - 1 })).toThrow(
      refused(
        `event e-1 (custom.size from till) has ${size} bytes, 1 more than the ${size - 1} bytes allowed`,
        "event_too_large",
      ),
    );
  });

  test("includes tags", () => {
    const tags = Array.from({ length: 50 }, () => "€".repeat(256));
    expect(() => prepare({ type: "custom.size", data: {}, metadata: { tags } }, { maxBytes: 38_000 })).toThrow(
      refused("more than the 38000 bytes allowed", "event_too_large"),
    );
  });

  test("is not computed for data that shared references would expand without limit", () => {
    let shared: unknown = ["x"];
    for (let level = 0; level < 60; level += 1) shared = [shared, shared];
    expect(() => prepare({ type: "custom.size", data: { shared } })).toThrow(
      refused("has far more than", "event_too_large"),
    );
  });
});
