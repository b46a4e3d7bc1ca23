import { expect } from "vitest";
import * as z from "zod";
import { createCatalog } from "../../../lib/event/catalog.ts";
import { defineEvent } from "../../../lib/event/definition.ts";
import type { Draft } from "../../../lib/event/event.ts";
import { type PrepareContext, prepareEvent } from "../../../lib/event/prepare.ts";

/** Of the catalog that {@link contextOf} has. */
export const paid = defineEvent("shop.order.paid", {
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
export const data = { orderId: "o-1", cents: 700 };
export const draft: Draft = { type: "shop.order.paid", data };

export function contextOf(parts: Partial<PrepareContext> = {}): PrepareContext {
  return {
    catalog: createCatalog([paid]),
    source: "till",
    now: () => Date.UTC(2026, 0, 31, 12),
    nextId: () => "next-id",
    ...parts,
  };
}

/** Accepts a draft of any type, for tests of drafts that the types would not allow. */
export function prepare(given: unknown, parts: Partial<PrepareContext> = {}) {
  return Reflect.apply(prepareEvent, undefined, [given, contextOf(parts)]);
}

/** An error with this code whose message contains the text. */
export const refused = (message: string, code = "invalid_event") =>
  expect.objectContaining({ name: "BusError", code, message: expect.stringContaining(message) });
