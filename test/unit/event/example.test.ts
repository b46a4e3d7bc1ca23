import { expect, test } from "vitest";
import * as z from "zod";
import { defineEvent } from "../../../lib/event/definition.ts";
import { exampleOf } from "../../../lib/event/example.ts";

test("exampleOf generates an example with every field", () => {
  const definition = defineEvent("shop.order.paid", {
    data: z.looseObject({
      orderId: z.string(),
      taskId: z.string().optional(),
      amount: z.number().min(0).max(1),
      count: z.int().min(3),
      odd: z.int().multipleOf(5).min(6),
      kind: z.enum(["card", "cash"]),
      by: z.literal("hand"),
      at: z.iso.datetime(),
      mail: z.email(),
      id: z.uuid(),
      page: z.url(),
      tags: z.array(z.string()).min(2),
      pair: z.tuple([z.string(), z.int()]),
      either: z.union([z.string(), z.number()]),
      maybe: z.string().nullable(),
      nothing: z.null(),
      yes: z.boolean(),
      free: z.json(),
      short: z.string().max(3),
      long: z.string().min(40),
      by2: z.record(z.string(), z.number()),
      never: z.never().optional(),
    }),
  });
  const example = exampleOf(definition);
  expect(example).toMatchObject({ orderId: "order-1", taskId: "task-12", kind: "card", by: "hand", count: 4, odd: 10 });
  expect(definition.schema).toSatisfy((schema) => z.safeParse(schema, example).success);
});

test("exampleOf returns the schema's own example", () => {
  const data = z.looseObject({
    sku: z
      .string()
      .regex(/^A-\d{3}$/)
      .meta({ examples: ["A-123"] }),
  });
  expect(exampleOf(defineEvent("shop.item.added", { data }))).toEqual({ sku: "A-123" });
});

test("exampleOf returns undefined if the generated example does not validate", () => {
  const data = z.looseObject({ sku: z.string().regex(/^A-\d{3}$/) });
  expect(exampleOf(defineEvent("shop.item.added", { data }))).toBeUndefined();
});

test("exampleOf terminates for a recursive schema", () => {
  const node = z.looseObject({
    name: z.string(),
    get children() {
      return z.array(node).optional();
    },
  });
  expect(exampleOf(defineEvent("shop.tree.grown", { data: node }))).toMatchObject({ name: "some name" });
});
