import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { BusError } from "../../../lib/error/bus-error.ts";
import { createCatalog } from "../../../lib/event/catalog.ts";
import { defineEvent } from "../../../lib/event/definition.ts";
import type { Draft } from "../../../lib/event/event.ts";
import { type PrepareContext, prepareEvent } from "../../../lib/event/prepare.ts";
import { eventSize } from "../../../lib/event/size.ts";
import { anEvent } from "../../support/an-event.ts";

const paid = defineEvent("shop.order.paid", {
  version: 2,
  data: z.looseObject({
    orderId: z.string(),
    cents: z.int().min(1),
    items: z.array(z.looseObject({ price: z.number() })).optional(),
    by: z.enum(["card", "cash"]).optional(),
  }),
  older: [
    { version: 1, data: z.looseObject({ order: z.string() }), upcast: (data) => ({ ...data, orderId: data.order }) },
  ],
});
const data = { orderId: "o-1", cents: 700 };
const draft: Draft = { type: "shop.order.paid", data };

function contextOf(parts: Partial<PrepareContext> = {}): PrepareContext {
  return {
    catalog: createCatalog([paid]),
    source: "till",
    now: () => Date.UTC(2026, 0, 31, 12),
    nextId: () => "next-id",
    ...parts,
  };
}

/** Accepts a draft of any type, for tests of drafts that the types would not allow. */
function prepare(given: unknown, parts: Partial<PrepareContext> = {}) {
  return Reflect.apply(prepareEvent, undefined, [given, contextOf(parts)]);
}

const refused = (message: string, code = "invalid_event") =>
  expect.objectContaining({ name: "BusError", code, message: expect.stringContaining(message) });

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
      priority: 5,
      replay,
      ...trace,
    });
    const own = { correlationId: "other", traceparent: "00-11111111111111111111111111111111-2222222222222222-00" };
    expect(prepareEvent({ ...draft, metadata: own }, contextOf({ cause })).event.metadata).toEqual({
      version: 2,
      priority: 5,
      causationId: "cause",
      replay,
      ...own,
    });
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

describe("prepareEvent refuses", () => {
  test.each([
    [null, "the draft must be an object such as { type, data }, not null"],
    ["x", 'the draft must be an object such as { type, data }, not "x"'],
    [[], "the draft must be an object such as { type, data }, not []"],
    [{ ...draft, dta: 1 }, 'unknown field "dta" in the draft; did you mean "data"?'],
    [{ ...draft, payload: 1 }, 'unknown field "payload" in the draft; put your own fields into data'],
    [{ ...draft, id: "" }, 'id must be a string of 1 to 128 printable ASCII characters, not ""'],
    [{ ...draft, id: "x".repeat(129) }, "id must be a string of 1 to 128 printable ASCII characters"],
    [{ ...draft, id: "ü" }, 'characters, not "ü"'],
    [{ ...draft, id: 5 }, "characters, not 5"],
    [{ ...draft, source: "" }, 'source must be a string of 1 to 256 characters without control characters, not ""'],
    [{ ...draft, source: "aws.s3" }, 'source must not start with "aws.", but is "aws.s3"'],
    [{ ...draft, source: "x".repeat(257) }, "source must be a string of 1 to 256 characters"],
    [{ ...draft, source: "a\nb" }, "without control characters"],
    [{ ...draft, time: "yesterday" }, "time must be an RFC 3339 time with an offset"],
    [{ ...draft, time: new Date(0) }, "not Date 1970-01-01T00:00:00.000Z; use `.toISOString()`"],
    [{ ...draft, data: undefined }, "data is missing; it must be an object"],
    [{ ...draft, data: null }, "data must be an object, not null"],
    [{ ...draft, metadata: "x" }, 'metadata must be an object, not "x"'],
    [{ ...draft, metadata: null }, "metadata must be an object, not null"],
    [{ ...draft, metadata: { agentID: "a" } }, 'unknown field metadata.agentID; did you mean "agentId"?'],
    [{ ...draft, metadata: { mood: "a" } }, "put your own fields into data or tags"],
    [{ ...draft, metadata: { replay: { id: "r" } } }, "metadata.replay is set by the engine"],
    [{ ...draft, metadata: { agentId: "" } }, "metadata.agentId must be a string of 1 to 512 characters"],
    [{ ...draft, metadata: { correlationId: "x".repeat(513) } }, "metadata.correlationId must be"],
    [{ ...draft, metadata: { causationId: "a\u0085" } }, "without control characters"],
    [{ ...draft, metadata: { userId: "\ud800" } }, "metadata.userId must be"],
    [{ ...draft, metadata: { projectId: 5 } }, "without control characters, not 5"],
    [{ ...draft, metadata: { priority: 0 } }, "metadata.priority must be an integer from 1 (most urgent) to 10, not 0"],
    [{ ...draft, metadata: { priority: 11 } }, "to 10, not 11"],
    [{ ...draft, metadata: { priority: 1.5 } }, "to 10, not 1.5"],
    [{ ...draft, metadata: { priority: "1" } }, 'to 10, not "1"'],
    [{ ...draft, metadata: { expiresAt: "2026" } }, "metadata.expiresAt must be an RFC 3339 time"],
    [{ ...draft, metadata: { tags: "a" } }, 'metadata.tags must be a list of at most 50 strings, not "a"'],
    [{ ...draft, metadata: { tags: Array(51).fill("a") } }, "at most 50 strings, not an array of 51"],
    [{ ...draft, metadata: { tags: ["a", ""] } }, "metadata.tags[1] must be a string of 1 to 256 characters"],
    [{ ...draft, metadata: { tags: ["x".repeat(257)] } }, "metadata.tags[0] must be"],
    [{ ...draft, metadata: { traceparent: "00-abc" } }, "metadata.traceparent must be"],
    [
      { ...draft, metadata: { traceparent: `00-${"0".repeat(32)}-b7ad6b7169203331-01` } },
      "metadata.traceparent must be",
    ],
    [
      { ...draft, metadata: { traceparent: `00-0af7651916cd43dd8448eb211c80319c-${"0".repeat(16)}-01` } },
      "metadata.traceparent must be",
    ],
    [
      { ...draft, metadata: { traceparent: "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } },
      "metadata.traceparent must be",
    ],
    [
      { ...draft, metadata: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x" } },
      "metadata.traceparent must be",
    ],
    [
      { ...draft, metadata: { traceparent: "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } },
      "metadata.traceparent must be",
    ],
    [{ ...draft, metadata: { tracestate: "a=b" } }, "metadata.tracestate requires metadata.traceparent"],
    [
      {
        ...draft,
        metadata: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "ab" },
      },
      "metadata.tracestate must be",
    ],
  ])("%#: %j", (given, message) => {
    expect(() => prepare(given)).toThrow(refused(message));
  });

  test("a draft without a source if the bus has none", () => {
    expect(() => prepare(draft, { source: undefined })).toThrow(
      refused("shop.order.paid: source is missing; set it in the draft, or for the whole bus with connect({ source })"),
    );
  });

  test("any draft with a BusError only", () => {
    const known = fc.constantFrom("type", "source", "time", "id", "data", "metadata");
    const drafts = fc.oneof(
      fc.anything(),
      fc.dictionary(known, fc.oneof(fc.constant("custom.x"), fc.object(), fc.anything())),
    );
    fc.assert(
      fc.property(drafts, (given) => {
        try {
          prepare(given);
        } catch (thrown) {
          if (!(thrown instanceof BusError)) throw thrown;
        }
      }),
    );
    const throwing = {
      ...draft,
      metadata: {
        get agentId() {
          throw new Error("gone");
        },
      },
    };
    expect(() => prepare(throwing)).toThrow(refused("the draft cannot be read: Error: gone; use plain data"));
  });
});

test("a traceparent of a later version may have more fields", () => {
  const traceparent = "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more";
  expect(prepare({ ...draft, metadata: { traceparent } }).event.metadata.traceparent).toBe(traceparent);
});

describe("invalid data", () => {
  test("is reported with type, source, path, value and rule; the details have every issue", () => {
    const given = { ...draft, data: { orderId: 5, cents: 0, items: [{ price: 1 }, { price: "2" }], by: "cheque" } };
    expect(() => prepare(given)).toThrow(
      expect.objectContaining({
        code: "invalid_event",
        message:
          "shop.order.paid from till: data.orderId must be a string, not 5 (and 3 more: data.cents, data.items[1].price, data.by)",
        details: {
          type: "shop.order.paid",
          source: "till",
          issues: [
            { path: "data.orderId", value: "5", problem: "must be a string, not 5" },
            { path: "data.cents", value: "0", problem: "must be at least 1, not 0" },
            { path: "data.items[1].price", value: '"2"', problem: 'must be a number, not "2"' },
            { path: "data.by", value: '"cheque"', problem: 'must be "card" or "cash", not "cheque"' },
          ],
        },
      }),
    );
  });

  test("that JSON cannot hold is reported with the same fields", () => {
    expect(() => prepare({ ...draft, data: { ...data, at: new Date(0) } })).toThrow(
      refused(
        "shop.order.paid from till: data.at is Date 1970-01-01T00:00:00.000Z: JSON has no dates; use `.toISOString()`",
      ),
    );
  });

  test.each([
    ["a string that is too short", z.string().min(3), "ab", 'must have at least 3 characters, but is "ab"'],
    ["a list that is too long", z.array(z.int()).max(1), [1, 2], "must have at most 1 element, but is an array of 2"],
    ["an exclusive bound", z.number().lt(1), 1, "must be less than 1, not 1"],
    ["a format", z.iso.datetime(), "x", 'must be a valid datetime, not "x"'],
    ["a pattern", z.string().regex(/^a$/), "x", 'must be a string that matches /^a$/, not "x"'],
    ["a step", z.number().multipleOf(5), 3, "must be a multiple of 5, not 3"],
    ["a union of types", z.union([z.string(), z.null()]), 3, "must be a string or null, not 3"],
    [
      "a part of a union",
      z.union([z.string(), z.object({ a: z.string() })]),
      { a: 1 },
      "data.it.a must be a string, not 1",
    ],
    ["an unknown key", z.strictObject({}), { a: 1 }, 'data.it has the unknown field "a"; remove it'],
    ["unknown keys", z.strictObject({}), { a: 1, b: 2 }, 'data.it has unknown fields "a", "b"; remove them'],
    ["a rule", z.string().refine(() => false, "must rhyme"), "x", 'data.it must rhyme, but is "x"'],
    ["a rule for a value", z.string().refine(() => false, "must be a rhyme"), "x", 'data.it must be a rhyme, not "x"'],
    ["any other message", z.string().refine(() => false, "no rhyme"), "x", 'data.it is "x": no rhyme'],
  ])("is reported with %s", (_, it, value, message) => {
    const catalog = createCatalog([defineEvent("shop.it", { data: z.looseObject({ it }) })]);
    expect(() => prepare({ type: "shop.it", data: { it: value } }, { catalog })).toThrow(refused(message));
  });

  test("is refused if its schema throws or is asynchronous", () => {
    const of = (it: z.ZodType) => ({
      catalog: createCatalog([defineEvent("shop.it", { data: z.looseObject({ it }) })]),
    });
    const given = { type: "shop.it", data: { it: "x" } };
    const throwing = z.string().refine(() => {
      throw new Error("odd");
    });
    expect(() => prepare(given, of(throwing))).toThrow(refused("its schema failed with Error: odd"));
    expect(() => prepare(given, of(z.string().refine(async () => true)))).toThrow(
      refused("refinements must be synchronous"),
    );
  });

  test("of z.json() is validated down to the maximum depth", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 999; level += 1) deep = [deep];
    const catalog = createCatalog([defineEvent("shop.it", { data: z.looseObject({ it: z.json() }) })]);
    expect(JSON.stringify(prepare({ type: "shop.it", data: { it: deep } }, { catalog }).event.data)).toBe(
      JSON.stringify({ it: deep }),
    );
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
