import { describe, expect, test } from "vitest";
import * as z from "zod";
import { createCatalog } from "../../../lib/event/catalog.ts";
import { defineEvent } from "../../../lib/event/definition.ts";
import { anEvent } from "../../support/an-event.ts";

const paid = defineEvent("shop.order.paid", {
  version: 3,
  description: "An order was paid.",
  data: z.looseObject({ orderId: z.string(), cents: z.int() }),
  older: [
    {
      version: 1,
      data: z.looseObject({ order: z.string(), euros: z.number() }),
      upcast: ({ order, ...rest }) => ({ ...rest, orderId: order }),
    },
    {
      version: 2,
      data: z.looseObject({ orderId: z.string(), euros: z.number() }),
      upcast: ({ euros, ...rest }) => ({ ...rest, cents: euros * 100 }),
    },
  ],
});
const sent = defineEvent("shop.order.sent", {
  data: z.looseObject({ orderId: z.string(), extra: z.json().optional() }),
});
const catalog = createCatalog([sent, paid]);

describe("createCatalog", () => {
  test("accepts definitions as an array, an iterable or an object", () => {
    for (const same of [catalog, createCatalog(new Set([paid, sent])), createCatalog({ paid, sent })]) {
      expect(same.types()).toEqual(["shop.order.paid", "shop.order.sent"]);
      expect(same.get("shop.order.paid")).toBe(paid);
      expect(same.open).toBe(false);
    }
  });

  test("refuses two definitions of one type, also in extend", () => {
    const twice = expect.objectContaining({
      code: "invalid_config",
      message: expect.stringContaining('two definitions of "shop.order.paid"'),
    });
    expect(() => createCatalog([paid, sent, paid])).toThrow(twice);
    expect(() => catalog.extend([paid])).toThrow(twice);
  });

  test("extend returns a new catalog that is as open as the first", () => {
    const lost = defineEvent("shop.order.lost", { data: z.looseObject({}) });
    expect(catalog.extend([lost]).types()).toHaveLength(3);
    expect(catalog.types()).toHaveLength(2);
    expect(createCatalog([paid], { open: true }).extend([lost]).open).toBe(true);
  });
});

describe("resolve", () => {
  test("refuses an unknown type with the nearest known type, or the fix", () => {
    expect(() => catalog.resolve("shop.order.payed")).toThrow(
      expect.objectContaining({
        code: "unknown_type",
        message: 'unknown type "shop.order.payed"; did you mean "shop.order.paid"?',
        details: { type: "shop.order.payed", nearest: "shop.order.paid" },
      }),
    );
    expect(() => catalog.resolve("billing.invoice")).toThrow("define it with defineEvent");
  });

  test("always accepts custom.*, and any type if the catalog is open", () => {
    expect(catalog.resolve("custom.mine")).toBeUndefined();
    expect(createCatalog([paid], { open: true }).resolve("billing.invoice")).toBeUndefined();
    expect(createCatalog([paid], { open: true }).resolve("shop.order.paid")).toBe(paid);
  });
});

describe("jsonSchema", () => {
  test("returns the input schema of one type in draft 2020-12", () => {
    expect(catalog.jsonSchema("shop.order.paid")).toEqual({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      title: "shop.order.paid",
      description: "An order was paid.",
      "x-version": 3,
      type: "object",
      properties: {
        orderId: { type: "string" },
        cents: { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
      },
      required: ["orderId", "cents"],
      additionalProperties: {},
    });
    expect(() => catalog.jsonSchema("shop.order.payed")).toThrow('did you mean "shop.order.paid"?');
  });

  test("returns one document for all types whose references resolve", () => {
    const all: {
      $defs: Record<string, { properties: Record<string, { $ref?: string }>; $defs?: Record<string, unknown> }>;
    } = JSON.parse(JSON.stringify(catalog.jsonSchema()));
    expect(Object.keys(all.$defs)).toEqual(["shop.order.paid", "shop.order.sent"]);
    const reference = all.$defs["shop.order.sent"]?.properties.extra?.$ref ?? "";
    expect(reference).toMatch(/^#\/\$defs\/shop\.order\.sent\/\$defs\//);
    expect(all.$defs["shop.order.sent"]?.$defs).toHaveProperty([reference.split("/").at(-1) ?? ""]);
    expect(JSON.stringify(all)).not.toContain('"#/$defs/__');
  });
});

describe("upcast", () => {
  const old = anEvent({
    type: "shop.order.paid",
    data: { order: "o-1", euros: 7, note: "kept" },
    metadata: { version: 1, agentId: "till" },
  });

  test("converts through every version to the newest, and keeps other fields", () => {
    const event = catalog.upcast(old);
    expect(event).toEqual({
      ...old,
      data: { orderId: "o-1", cents: 700, note: "kept" },
      metadata: { ...old.metadata, version: 3 },
    });
    expect(Object.isFrozen(event) && Object.isFrozen(event.data) && Object.isFrozen(event.metadata)).toBe(true);
  });

  test("returns the same object if there is nothing to convert", () => {
    const newest = anEvent({ type: "shop.order.paid", metadata: { version: 3 } });
    const unknown = anEvent({ type: "custom.x", metadata: { version: 9 } });
    expect(catalog.upcast(newest)).toBe(newest);
    expect(catalog.upcast(unknown)).toBe(unknown);
  });

  test("refuses a version that the definition does not have", () => {
    const later = anEvent({ type: "shop.order.paid", metadata: { version: 4 } });
    expect(() => catalog.upcast(later)).toThrow(
      expect.objectContaining({
        code: "invalid_event",
        message: expect.stringContaining(
          "has version 4, but the definition has 1, 2, 3; add that version to its `older`",
        ),
      }),
    );
  });

  test("refuses an event whose upcast throws or returns invalid data", () => {
    const upcasts = (upcast: () => Record<string, unknown>) =>
      createCatalog([
        defineEvent("shop.order.paid", {
          version: 2,
          data: z.looseObject({ orderId: z.string() }),
          older: [{ version: 1, data: z.looseObject({}), upcast }],
        }),
      ]);
    const throwing = upcasts(() => {
      throw new TypeError("no order");
    });
    expect(() => throwing.upcast(old)).toThrow("from version 1 threw on event event-1: TypeError: no order");
    expect(() => upcasts(() => ({})).upcast(old)).toThrow("data.orderId is missing; it must be a string");
    expect(() => upcasts(() => ({ orderId: "o", at: new Date(0) })).upcast(old)).toThrow("JSON has no dates");
  });
});
