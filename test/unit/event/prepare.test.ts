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

/** The draft may be anything: tests of what is refused say what no type would let them. */
function prepare(given: unknown, parts: Partial<PrepareContext> = {}) {
  return Reflect.apply(prepareEvent, undefined, [given, contextOf(parts)]);
}

const refused = (message: string, code = "invalid_event") =>
  expect.objectContaining({ name: "BusError", code, message: expect.stringContaining(message) });

describe("fills in", () => {
  test("what the draft leaves out", () => {
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

  test("nothing where all is given", () => {
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

  test("times in UTC", () => {
    const given = {
      ...draft,
      time: "2025-08-01T00:02:29.520113+02:00",
      metadata: { expiresAt: "2025-08-01T00:00:00-01:00" },
    };
    const { event } = prepareEvent(given, contextOf());
    expect(event.time).toBe("2025-07-31T22:02:29.520113Z");
    expect(event.metadata.expiresAt).toBe("2025-08-01T01:00:00Z");
  });

  test("flow, cause, trace and the mark of a replay from the cause", () => {
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

  test("nothing for fields that are undefined", () => {
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

test("freezes all of it, and shares nothing with the draft", () => {
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

test("what is checked is what is published, whatever a getter gives the second time", () => {
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
  test("an older one is validated by its own schema and published as it is", () => {
    const { event } = prepareEvent({ ...draft, data: { order: "o-1" }, metadata: { version: 1 } }, contextOf());
    expect(event.data).toEqual({ order: "o-1" });
    expect(event.metadata.version).toBe(1);
    expect(() => prepare({ ...draft, metadata: { version: 1 } })).toThrow(
      refused("data.order is missing; give a string"),
    );
  });

  test("an unknown one is refused", () => {
    expect(() => prepare({ ...draft, metadata: { version: 3 } })).toThrow(
      refused("metadata.version is 3; give 1 or 2, or leave it out"),
    );
    expect(() => prepare({ type: "custom.x", data: {}, metadata: { version: 0 } })).toThrow(
      refused("metadata.version is 0; give an integer from 1"),
    );
    expect(prepare({ type: "custom.x", data: {}, metadata: { version: 7 } }).event.metadata.version).toBe(7);
  });
});

describe("types", () => {
  test("without a definition take any JSON object", () => {
    expect(prepare({ type: "custom.anything", data: { a: [null] } })).toMatchObject({
      event: { data: { a: [null] } },
      definition: undefined,
    });
    expect(() => prepare({ type: "custom.anything", data: [1] })).toThrow(
      refused("data is an array of 1; give an object"),
    );
  });

  test("are known, and well formed where they need not be known", () => {
    expect(() => prepare({ type: "shop.order.payed", data })).toThrow(
      refused('did you mean "shop.order.paid"?', "unknown_type"),
    );
    expect(() => prepare({ type: "custom.Bad", data })).toThrow(refused('type is "custom.Bad", which is no type name'));
    expect(() => prepare({ type: `custom.${"x".repeat(122)}`, data })).toThrow(
      refused("has 129 characters; give at most 128"),
    );
    expect(() => prepare({ data })).toThrow(refused("type is missing; give the type"));
    expect(() => prepare({ type: 5, data })).toThrow(refused("type is 5"));
  });
});

describe("refuses", () => {
  test.each([
    [null, "The draft is null; give { type, data, … }"],
    ["x", 'The draft is "x"'],
    [[], "The draft is []"],
    [{ ...draft, dta: 1 }, '"dta" is no field of a draft; did you mean "data"?'],
    [{ ...draft, payload: 1 }, '"payload" is no field of a draft; put what is your own into data'],
    [{ ...draft, id: "" }, 'id is ""; give 1 to 128 printable ASCII characters'],
    [{ ...draft, id: "x".repeat(129) }, "give 1 to 128 printable ASCII characters"],
    [{ ...draft, id: "ü" }, 'id is "ü"'],
    [{ ...draft, id: 5 }, "id is 5"],
    [{ ...draft, source: "" }, 'source is ""'],
    [{ ...draft, source: "aws.s3" }, 'source is "aws.s3"; give 1 to 256 characters'],
    [{ ...draft, source: "x".repeat(257) }, "not starting with"],
    [{ ...draft, source: "a\nb" }, "without control characters"],
    [{ ...draft, time: "yesterday" }, 'time is "yesterday"; give RFC 3339'],
    [{ ...draft, time: new Date(0) }, "time is Date 1970-01-01T00:00:00.000Z; use `.toISOString()`"],
    [{ ...draft, data: undefined }, "data is missing; give an object"],
    [{ ...draft, data: null }, "data is null; give an object"],
    [{ ...draft, metadata: "x" }, 'metadata is "x"; give an object'],
    [{ ...draft, metadata: null }, "metadata is null; give an object"],
    [{ ...draft, metadata: { agentID: "a" } }, 'metadata.agentID is no field of metadata; did you mean "agentId"?'],
    [{ ...draft, metadata: { mood: "a" } }, "put what is your own into data or tags"],
    [{ ...draft, metadata: { replay: { id: "r" } } }, "metadata.replay is { id }; is set by the engine"],
    [{ ...draft, metadata: { agentId: "" } }, 'metadata.agentId is ""; give a text of 1 to 512 characters'],
    [{ ...draft, metadata: { correlationId: "x".repeat(513) } }, "metadata.correlationId is"],
    [{ ...draft, metadata: { causationId: "a\u0085" } }, "without control characters"],
    [{ ...draft, metadata: { userId: "\ud800" } }, "metadata.userId is"],
    [{ ...draft, metadata: { projectId: 5 } }, "metadata.projectId is 5"],
    [{ ...draft, metadata: { priority: 0 } }, "metadata.priority is 0; give an integer from 1 (most urgent) to 10"],
    [{ ...draft, metadata: { priority: 11 } }, "metadata.priority is 11"],
    [{ ...draft, metadata: { priority: 1.5 } }, "metadata.priority is 1.5"],
    [{ ...draft, metadata: { priority: "1" } }, 'metadata.priority is "1"'],
    [{ ...draft, metadata: { expiresAt: "2026" } }, 'metadata.expiresAt is "2026"; give an RFC 3339 time'],
    [{ ...draft, metadata: { tags: "a" } }, 'metadata.tags is "a"; give a list of at most 50 texts'],
    [{ ...draft, metadata: { tags: Array(51).fill("a") } }, "metadata.tags is an array of 51"],
    [{ ...draft, metadata: { tags: ["a", ""] } }, 'metadata.tags[1] is ""'],
    [{ ...draft, metadata: { tags: ["x".repeat(257)] } }, "metadata.tags[0] is"],
    [{ ...draft, metadata: { traceparent: "00-abc" } }, "metadata.traceparent is"],
    [{ ...draft, metadata: { traceparent: `00-${"0".repeat(32)}-b7ad6b7169203331-01` } }, "metadata.traceparent is"],
    [
      { ...draft, metadata: { traceparent: `00-0af7651916cd43dd8448eb211c80319c-${"0".repeat(16)}-01` } },
      "metadata.traceparent is",
    ],
    [
      { ...draft, metadata: { traceparent: "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } },
      "metadata.traceparent is",
    ],
    [
      { ...draft, metadata: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x" } },
      "metadata.traceparent is",
    ],
    [
      { ...draft, metadata: { traceparent: "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } },
      "metadata.traceparent is",
    ],
    [{ ...draft, metadata: { tracestate: "a=b" } }, 'metadata.tracestate is "a=b"; means nothing alone'],
    [
      {
        ...draft,
        metadata: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "ab" },
      },
      "metadata.tracestate is",
    ],
  ])("%#: %j", (given, message) => {
    expect(() => prepare(given)).toThrow(refused(message));
  });

  test("a draft without a source where the bus has none", () => {
    expect(() => prepare(draft, { source: undefined })).toThrow(
      refused("shop.order.paid: source is missing; give the draft a source, or the bus one (connect({ source }))"),
    );
  });

  test("never with anything but a BusError", () => {
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
    expect(() => prepare(throwing)).toThrow(refused("The draft cannot be read: Error: gone; give plain data"));
  });
});

test("later versions of a traceparent may carry more", () => {
  const traceparent = "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more";
  expect(prepare({ ...draft, metadata: { traceparent } }).event.metadata.traceparent).toBe(traceparent);
});

describe("bad data", () => {
  test("is named by type, source, path, value and fix; every issue is in the details", () => {
    const given = { ...draft, data: { orderId: 5, cents: 0, items: [{ price: 1 }, { price: "2" }], by: "cheque" } };
    expect(() => prepare(given)).toThrow(
      expect.objectContaining({
        code: "invalid_event",
        message:
          "shop.order.paid from till: data.orderId is 5; give a string (and 3 more: data.cents, data.items[1].price, data.by)",
        details: {
          type: "shop.order.paid",
          source: "till",
          issues: [
            { path: "data.orderId", value: "5", fix: "give a string" },
            { path: "data.cents", value: "0", fix: "give at least 1" },
            { path: "data.items[1].price", value: '"2"', fix: "give a number" },
            { path: "data.by", value: '"cheque"', fix: 'give "card" or "cash"' },
          ],
        },
      }),
    );
  });

  test("that JSON cannot hold is named likewise", () => {
    expect(() => prepare({ ...draft, data: { ...data, at: new Date(0) } })).toThrow(
      refused(
        "shop.order.paid from till: data.at is Date 1970-01-01T00:00:00.000Z: JSON has no dates; use `.toISOString()`",
      ),
    );
  });

  test.each([
    ["a shorter text", z.string().min(3), "ab", "give at least 3 characters"],
    ["a longer list", z.array(z.int()).max(1), [1, 2], "give at most 1 elements"],
    ["an exclusive bound", z.number().lt(1), 1, "give less than 1"],
    ["a format", z.iso.datetime(), "x", "give a valid datetime"],
    ["a pattern", z.string().regex(/^a$/), "x", "give a text that matches /^a$/"],
    ["a step", z.number().multipleOf(5), 3, "give a multiple of 5"],
    ["a union of kinds", z.union([z.string(), z.null()]), 3, "give a string or null"],
    [
      "a part of a union",
      z.union([z.string(), z.object({ a: z.string() })]),
      { a: 1 },
      "data.it.a is 1; give a string",
    ],
    ["a key too many", z.strictObject({}), { a: 1 }, 'leave out "a"'],
    [
      "a rule of its own",
      z.string().refine(() => false, "must rhyme"),
      "x",
      "must rhyme; give what its definition asks for",
    ],
  ])("says what to give instead of %s", (_, it, value, message) => {
    const catalog = createCatalog([defineEvent("shop.it", { data: z.looseObject({ it }) })]);
    expect(() => prepare({ type: "shop.it", data: { it: value } }, { catalog })).toThrow(refused(message));
  });

  test("whose schema throws, or waits, is refused as such", () => {
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

  test("is borne by a schema of any JSON to the depth that is allowed", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 999; level += 1) deep = [deep];
    const catalog = createCatalog([defineEvent("shop.it", { data: z.looseObject({ it: z.json() }) })]);
    expect(JSON.stringify(prepare({ type: "shop.it", data: { it: deep } }, { catalog }).event.data)).toBe(
      JSON.stringify({ it: deep }),
    );
  });
});

describe("size", () => {
  test("up to the limit is taken, and a byte more is refused by name", () => {
    const given = { type: "custom.size", id: "e-1", data: { text: "ü".repeat(2_000) } };
    const size = eventSize(prepare(given).event);
    expect(eventSize(prepare(given, { maxBytes: size }).event)).toBe(size);
    expect(() => prepare(given, { maxBytes: size - 1 })).toThrow(
      refused(
        `Event e-1 (custom.size from till) has ${size} bytes, 1 more than the ${size - 1} bytes allowed`,
        "event_too_large",
      ),
    );
  });

  test("counts tags too", () => {
    const tags = Array.from({ length: 50 }, () => "€".repeat(256));
    expect(() => prepare({ type: "custom.size", data: {}, metadata: { tags } }, { maxBytes: 38_000 })).toThrow(
      refused("more than the 38000 bytes allowed", "event_too_large"),
    );
  });

  test("is not waited for where sharing makes it endless", () => {
    let shared: unknown = ["x"];
    for (let level = 0; level < 60; level += 1) shared = [shared, shared];
    expect(() => prepare({ type: "custom.size", data: { shared } })).toThrow(
      refused("has far more than", "event_too_large"),
    );
  });
});
