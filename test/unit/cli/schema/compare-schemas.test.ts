import fc from "fast-check";
import { expect, test } from "vitest";
import * as z from "zod";
import { breakingChanges } from "../../../../lib/cli/schema/compare-schemas.ts";
import { jsonSchemaOfData } from "../../../../lib/event/json-schema.ts";

const changes = (before: z.ZodType, after: z.ZodType) =>
  breakingChanges(jsonSchemaOfData(before), jsonSchemaOfData(after)).map(({ path, text }) => `${path}: ${text}`);

const a = z.looseObject({ a: z.string() });

test.each<[string, z.ZodType, z.ZodType, string[]]>([
  ["the same", a, a, []],
  ["an optional field more", a, a.extend({ b: z.int().optional() }), []],
  ["a required field more", a, a.extend({ b: z.int() }), ["b: the field is required now"]],
  ["a field less", a, z.looseObject({}), ["a: the field was removed"]],
  ["optional now", a, z.looseObject({ a: z.string().optional() }), ["a: the field was required, and is optional now"]],
  ["another type", a, z.looseObject({ a: z.number() }), ["a: string is not valid any more, but number"]],
  ["one type more", a, z.looseObject({ a: z.union([z.string(), z.number()]) }), []],
  [
    "one type less",
    z.looseObject({ a: z.union([z.string(), z.number()]) }),
    a,
    ["a: number is not valid any more, but string"],
  ],
  ["null refused", z.looseObject({ a: z.string().nullable() }), a, ["a: null is not valid any more, but string"]],
  ["no undeclared fields", a, z.strictObject({ a: z.string() }), [": undeclared fields are refused now"]],
  ["undeclared fields allowed", z.strictObject({ a: z.string() }), a, []],
  ["longer", a, z.looseObject({ a: z.string().min(2) }), ["a: minLength is 2 now"]],
  ["shorter", z.looseObject({ a: z.string().min(2) }), a, []],
  [
    "a lower maximum",
    z.looseObject({ a: z.number().max(9) }),
    z.looseObject({ a: z.number().max(8) }),
    ["a: maximum is 8 now, not 9"],
  ],
  [
    "a value less",
    z.looseObject({ a: z.enum(["x", "y"]) }),
    z.looseObject({ a: z.enum(["x"]) }),
    ['a: the value "y" is not valid any more'],
  ],
  ["a value more", z.looseObject({ a: z.enum(["x"]) }), z.looseObject({ a: z.enum(["x", "y"]) }), []],
  ["only some values", a, z.looseObject({ a: z.enum(["x"]) }), ['a: only "x" is valid now']],
  ["a pattern", a, z.looseObject({ a: z.string().regex(/x/) }), ['a: pattern is "x" now']],
  [
    "in a list",
    z.looseObject({ l: z.array(a) }),
    z.looseObject({ l: z.array(z.looseObject({ a: z.int() })) }),
    ["l[].a: string is not valid any more, but number"],
  ],
  [
    "in a record",
    z.looseObject({ r: z.record(z.string(), z.string()) }),
    z.looseObject({ r: z.record(z.string(), z.int()) }),
    ["r.*: string is not valid any more, but number"],
  ],
  [
    "integers only",
    z.looseObject({ a: z.number() }),
    z.looseObject({ a: z.int() }),
    expect.arrayContaining(["a: only integers are valid now"]),
  ],
  [
    "anything before",
    z.looseObject({ a: z.unknown() }),
    a,
    expect.arrayContaining(["a: anything was valid before, and is not now"]),
  ],
])("%s", (_, before, after, expected) => {
  expect(changes(before, after)).toEqual(expected);
});

test("a schema that refers to itself is compared once", () => {
  const node = (value: z.ZodType): z.ZodType => {
    const self: z.ZodType = z.looseObject({ value, next: z.lazy(() => self).optional() });
    return self;
  };
  expect(changes(node(z.string()), node(z.string()))).toEqual([]);
  expect(changes(node(z.string()), node(z.int())).length).toBeGreaterThan(0);
});

/** A schema of a small language, and data that it accepts. */
interface Made {
  readonly schema: z.ZodType;
  readonly data: fc.Arbitrary<unknown>;
}
const leaf: fc.Arbitrary<Made> = fc.oneof(
  fc.integer({ min: 0, max: 3 }).map((min) => ({ schema: z.string().min(min), data: fc.string({ minLength: min }) })),
  fc.constant({ schema: z.boolean(), data: fc.boolean() }),
  fc.constant({ schema: z.unknown(), data: fc.jsonValue() }),
  fc.integer({ min: -3, max: 3 }).map((min) => ({ schema: z.int().min(min), data: fc.integer({ min, max: 9 }) })),
  fc
    .subarray(["x", "y", "z"], { minLength: 1 })
    .map((values) => ({ schema: z.enum(values), data: fc.constantFrom(...values) })),
);
const value: fc.Arbitrary<Made> = fc.oneof(
  leaf,
  leaf.map(({ schema, data }) => ({ schema: z.array(schema), data: fc.array(data, { maxLength: 3 }) })),
  fc.tuple(leaf, leaf).map(([one, other]) => ({
    schema: z.union([one.schema, other.schema]),
    data: fc.oneof(one.data, other.data),
  })),
);
const object: fc.Arbitrary<Made> = fc
  .dictionary(fc.constantFrom("a", "b"), fc.tuple(value, fc.boolean()), { maxKeys: 2 })
  .map((fields) => {
    const required = Object.keys(fields).filter((name) => fields[name]?.[1] === true);
    const shape = Object.entries(fields).map(([name, [{ schema }, needed]]) => [
      name,
      needed ? schema : schema.optional(),
    ]);
    const data = Object.fromEntries(Object.entries(fields).map(([name, [made]]) => [name, made.data]));
    return { schema: z.looseObject(Object.fromEntries(shape)), data: fc.record(data, { requiredKeys: required }) };
  });

test("where nothing breaks, what was valid before is valid after", () => {
  let compatible = 0;
  fc.assert(
    fc.property(object, object, (before, after) => {
      if (changes(before.schema, after.schema).length > 0) return;
      compatible += 1;
      for (const data of fc.sample(before.data, { numRuns: 5, seed: 1 })) {
        expect(after.schema.safeParse(data).success, JSON.stringify(data)).toBe(true);
      }
    }),
    { numRuns: 1_500 },
  );
  expect(compatible).toBeGreaterThan(50);
});
