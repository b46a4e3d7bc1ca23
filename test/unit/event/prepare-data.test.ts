import { describe, expect, test } from "vitest";
import * as z from "zod";
import { createCatalog } from "../../../lib/event/catalog.ts";
import { defineEvent } from "../../../lib/event/definition.ts";
import { data, draft, prepare, refused } from "./prepare-bench.ts";

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
