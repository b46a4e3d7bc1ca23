import { describe, expect, test } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import { defineEvent } from "../../../lib/event/definition.ts";

const data = z.looseObject({ orderId: z.string() });

describe("defineEvent", () => {
  test("applies defaults and freezes the definition", () => {
    const definition = defineEvent("shop.order.paid", { data });
    expect(definition).toEqual({
      type: "shop.order.paid",
      version: 1,
      description: "",
      history: true,
      schema: data,
      older: [],
    });
    expect(Object.isFrozen(definition)).toBe(true);
  });

  test("accepts zod/mini schemas", () => {
    expect(defineEvent("shop.order.paid", { data: mini.looseObject({ orderId: mini.string() }) }).version).toBe(1);
    expect(() => defineEvent("shop.order.paid", { data: mini.object({ at: mini.date() }) })).toThrow("data.at (date)");
  });

  test.each([
    ["one word", "paid"],
    ["upper case", "Shop.order"],
    ["a hyphen", "shop.order-paid"],
    ["an empty word", "shop..paid"],
    ["a star", "shop.*"],
    ["129 characters", `shop.${"x".repeat(124)}`],
    ["nothing", ""],
  ])("refuses a type of %s", (_, type) => {
    expect(() => defineEvent(type, { data })).toThrow(
      expect.objectContaining({ code: "invalid_config", message: expect.stringContaining("the type") }),
    );
  });

  test.each([[0], [-1], [1.5], [Number.NaN], [2 ** 53]])("refuses version %d", (version) => {
    expect(() => defineEvent("shop.order.paid", { version, data })).toThrow(
      `the version must be an integer from 1, not ${version}`,
    );
  });
});

describe("a schema whose output differs from its input is refused, with the path", () => {
  const deep = (schema: z.ZodType) => z.looseObject({ items: z.array(z.looseObject({ price: schema })) });
  test.each([
    ["default", z.number().default(1)],
    ["prefault", z.number().prefault(1)],
    ["catch", z.number().catch(1)],
    ["pipe", z.string().transform((text) => text.length)],
    ["pipe", z.string().pipe(z.string())],
    ["pipe", z.preprocess((value) => value, z.string())],
    ["pipe", z.stringbool()],
    ["pipe", z.codec(z.string(), z.number(), { decode: Number, encode: String })],
    ["string", z.coerce.string()],
    ["number", z.coerce.number()],
    ["boolean", z.coerce.boolean()],
    ["string", z.string().trim()],
    ["string", z.string().toLowerCase()],
    ["string", z.url({ normalize: true })],
    ["date", z.date()],
    ["bigint", z.bigint()],
    ["symbol", z.symbol()],
    ["undefined", z.undefined()],
    ["void", z.void()],
    ["nan", z.nan()],
    ["map", z.map(z.string(), z.string())],
    ["set", z.set(z.string())],
    ["file", z.file()],
    ["promise", z.promise(z.string())],
    ["literal", z.literal([1n])],
    ["default", z.number().default(1).optional().nullable().readonly()],
    ["date", z.union([z.string(), z.date()])],
    ["date", z.lazy(() => z.date())],
  ])("%s", (kind, schema) => {
    expect(() => defineEvent("shop.order.paid", { data: deep(schema) })).toThrow(
      expect.objectContaining({
        code: "invalid_config",
        message: expect.stringContaining(`definition "shop.order.paid": the schema of data.items["*"].price (${kind})`),
        details: { type: "shop.order.paid", path: 'data.items["*"].price', schema: kind },
      }),
    );
  });

  test.each([
    ["a tuple's item", z.object({ pair: z.tuple([z.string(), z.date()]) }), "data.pair[1]"],
    ["a tuple's rest", z.object({ pair: z.tuple([z.string()], z.date()) }), 'data.pair["*"]'],
    ["a record's value", z.object({ by: z.record(z.string(), z.date()) }), 'data.by["*"]'],
    ["a record's key", z.object({ by: z.record(z.string().trim(), z.string()) }), 'data.by["(key)"]'],
    ["a catchall", z.object({}).catchall(z.date()), 'data["*"]'],
    ["an intersection", z.object({ a: z.string() }).and(z.object({ b: z.date() })), "data.b"],
  ])("in %s", (_, schema, path) => {
    expect(() => defineEvent("shop.order.paid", { data: schema })).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ path }) }),
    );
  });

  test("in each definition that has it, whatever was accepted or refused before", () => {
    const price = z.number();
    const shared = z.looseObject({ price, at: z.date() });
    for (const type of ["shop.order.paid", "shop.order.sent"]) {
      expect(() => defineEvent(type, { data: shared })).toThrow(`definition "${type}": the schema of data.at (date)`);
    }
    expect(() => defineEvent("shop.order.paid", { data: z.looseObject({ price }) })).not.toThrow();
    expect(() => defineEvent("shop.order.sent", { data: z.looseObject({ price, shared }) })).toThrow(
      "data.shared.at (date)",
    );
  });

  test("in an older version", () => {
    const older = [{ version: 1, data: z.looseObject({ at: z.date() }), upcast: () => ({}) }] as const;
    expect(() => defineEvent("shop.order.paid", { version: 2, data, older })).toThrow(
      'version "1": the schema of data.at',
    );
  });

  test("if it refers lazily to a schema that is not declared yet", () => {
    const schema = z.looseObject({ next: z.lazy(() => later) });
    expect(() => defineEvent("shop.order.paid", { data: schema })).toThrow(
      "declare the schemas it refers to before it",
    );
    const later = z.string();
  });
});

test.each([
  [
    "recursive",
    z.looseObject({
      get children() {
        return z.array(data).optional();
      },
      value: z.json(),
    }),
  ],
  ["checked", z.looseObject({ id: z.uuid().min(3), at: z.iso.datetime(), n: z.int().positive().multipleOf(2) })],
  ["refined", z.looseObject({ a: z.string() }).refine((value) => value.a !== "")],
  [
    "a union of objects",
    z.discriminatedUnion("by", [z.object({ by: z.literal("post") }), z.strictObject({ by: z.literal(1) })]),
  ],
  ["an intersection", z.object({ a: z.string() }).and(z.object({ b: z.string() }))],
  ["a record", z.record(z.string(), z.number())],
  ["readonly", z.looseObject({ a: z.string() }).readonly()],
])("defineEvent accepts a schema that is %s", (_, schema) => {
  expect(defineEvent("shop.order.paid", { data: schema }).schema).toBe(schema);
});

test("defineEvent accepts a recursive schema", () => {
  const node = z.looseObject({
    name: z.string(),
    get children() {
      return z.array(node).optional();
    },
  });
  expect(defineEvent("shop.tree.grown", { data: node }).schema).toBe(node);
});

test("defineEvent refuses a schema that does not describe an object, even in untyped code", () => {
  const untyped: { data: typeof data } = JSON.parse("{}");
  for (const schema of [
    z.string(),
    z.array(data),
    z.union([data, z.string()]),
    data.nullable(),
    data.optional(),
    z.unknown(),
  ]) {
    expect(() => defineEvent("shop.order.paid", Object.assign({}, untyped, { data: schema }))).toThrow(
      "must be an object schema: wrap it",
    );
  }
});

describe("older versions", () => {
  const older = (version: number) => ({ version, data, upcast: (old: Record<string, unknown>) => old });

  test("are sorted oldest first", () => {
    const definition = defineEvent("shop.order.paid", { version: 5, data, older: [older(4), older(1), older(2)] });
    expect(definition.older.map(({ version }) => version)).toEqual([1, 2, 4]);
  });

  test("are refused if a number is used twice, too high or not an integer from 1", () => {
    expect(() => defineEvent("shop.order.paid", { version: 2, data, older: [older(1), older(1)] })).toThrow(
      "version 1 is defined twice; give each version its own number",
    );
    expect(() => defineEvent("shop.order.paid", { version: 2, data, older: [older(2)] })).toThrow(
      "version 2 is defined twice",
    );
    expect(() => defineEvent("shop.order.paid", { version: 2, data, older: [older(3)] })).toThrow(
      "the version must be greater than all of `older`, which has 3, not 2",
    );
    expect(() => defineEvent("shop.order.paid", { version: 2, data, older: [older(0)] })).toThrow(
      "the version must be an integer from 1, not 0",
    );
  });

  test("are refused without an upcast function", () => {
    const incomplete = Object.assign({}, older(1), { upcast: undefined });
    expect(() => Reflect.apply(defineEvent, undefined, ["shop.it", { version: 2, data, older: [incomplete] }])).toThrow(
      'definition "shop.it": the upcast of version 1 is missing; it must be a function',
    );
  });
});

test.each([
  [
    { data: { type: "object", properties: {} } },
    "data is a JSON Schema; convert it with z.fromJSONSchema(…), or write it in zod 4",
  ],
  [
    { data: { _def: { typeName: "ZodObject" }, safeParse() {} } },
    'data is a schema of zod 3; install zod 4, or import z from "zod/v4"',
  ],
  [
    { data: { "~standard": { vendor: "valibot", version: 1 } } },
    "data is a schema of valibot; it must be a zod 4 schema of an object",
  ],
  [
    { data: { taskId: z.string() } },
    "data must be a zod 4 schema of an object, such as z.looseObject({ taskId: z.string() }), not { taskId }",
  ],
  [{}, "data is missing; it must be a zod 4 schema of an object"],
  [undefined, "the options must be an object of version, description, data, history, older, not undefined"],
  [{ data: z.looseObject({}), verison: 2 }, 'unknown option "verison"; did you mean "version"?'],
  [{ data: z.looseObject({}), history: "no" }, 'history must be a boolean, not "no"'],
  [{ data: z.looseObject({}), description: 5 }, "the description must be a string, not 5"],
  [{ data: z.looseObject({}), older: {} }, "older must be a list of { version, data, upcast }, not {}"],
  [
    { data: z.looseObject({}), version: 2, older: [{ version: 1, schema: z.looseObject({}) }] },
    'unknown option "schema"',
  ],
  [
    { data: z.looseObject({}), version: 2, older: [{ version: 1, data: {}, upcast() {} }] },
    "data must be a zod 4 schema",
  ],
])("defineEvent refuses %o and says what to do", (options, says) => {
  expect(() => Reflect.apply(defineEvent, undefined, ["order.placed", options])).toThrow(
    expect.objectContaining({
      code: "invalid_config",
      message: expect.stringContaining(`definition "order.placed": ${says}`),
    }),
  );
});
