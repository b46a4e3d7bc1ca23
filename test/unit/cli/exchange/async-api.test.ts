import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { z } from "zod";
import { standardCatalog } from "../../../../lib/catalog/index.ts";
import { asyncApiDocument } from "../../../../lib/cli/exchange/async-api.ts";
import { type Catalog, createCatalog } from "../../../../lib/event/catalog.ts";
import { defineEvent } from "../../../../lib/event/definition.ts";

interface Branch {
  name: string;
  branches: Branch[];
}
const branch: z.ZodType<Branch> = z.lazy(() => z.looseObject({ name: z.string(), branches: z.array(branch) }));
const person = z.looseObject({ name: z.string() }).meta({ id: "Person" });

/** Types and schemas as they come seldom: references within a schema, tuples, fields with the names of keywords. */
const odd = createCatalog([
  defineEvent("0.0", { data: z.looseObject({}) }),
  defineEvent("a_b.c_1.d.e.f", { description: "", data: z.looseObject({ $ref: z.string(), "a/b~c": z.number() }) }),
  defineEvent(`${"long.".repeat(25)}xyz`, { data: z.looseObject({ any: z.json() }) }),
  defineEvent("constructor.to_string", { data: z.looseObject({ kind: z.union([z.literal(1), z.null()]) }) }),
  defineEvent("tree.grown", { data: z.looseObject({ root: branch }) }),
  defineEvent("people.met", { data: z.looseObject({ one: person, other: person, by: z.record(z.string(), person) }) }),
  defineEvent("pair.made", { data: z.looseObject({ pair: z.tuple([z.string(), z.number()]).rest(z.boolean()) }) }),
]);

const schema: object = JSON.parse(
  readFileSync(
    new URL("../../../../node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json", import.meta.url),
    "utf8",
  ),
);
const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);

const documentOf = (catalog: Catalog) => JSON.stringify(asyncApiDocument(catalog, { title: "Test", version: "1.0.0" }));

test.for([
  ["the standard catalog", standardCatalog, 100],
  ["a catalog of odd names and schemas", odd, 7],
] as const)(
  "the document of %s is valid by AsyncAPI's own schema, and each reference leads to something",
  ([, catalog, messages]) => {
    const document = JSON.parse(documentOf(catalog));
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
    expect(Object.keys(document.components.messages).length).toBeGreaterThanOrEqual(messages);
    for (const pointer of references(document)) expect(at(document, pointer), pointer).toBeDefined();
  },
);

test("a schema that refers to itself, and a tuple, are what draft 7 has them be", () => {
  const { messages } = JSON.parse(documentOf(odd)).components;
  const { data } = messages["tree.grown"].payload.properties;
  expect(data.properties.root.$ref).toMatch(
    /^#\/components\/messages\/tree\.grown\/payload\/properties\/data\/definitions\//,
  );
  expect(messages["pair.made"].payload.properties.data.properties.pair).toEqual({
    type: "array",
    items: [{ type: "string" }, { type: "number" }],
    additionalItems: { type: "boolean" },
    minItems: 2,
  });
  expect(messages["a_b.c_1.d.e.f"].payload.properties.data.properties.$ref).toEqual({ type: "string" });
});

test("what is no AsyncAPI document is found to be none", () => {
  const document = JSON.parse(documentOf(odd));
  expect(validate({ ...document, channels: { one: { adress: "one" } } })).toBe(false);
  expect(at(document, "#/components/messages/none")).toBeUndefined();
});

/** Every reference of a document; a field of data may be called `$ref`, and holds a schema. */
function references(part: unknown): string[] {
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) =>
    key === "$ref" && typeof value === "string" ? [value] : references(value),
  );
}

function at(document: unknown, pointer: string): unknown {
  const names = pointer.slice(2).split("/");
  return names.reduce<unknown>((found, name) => {
    const key = name.replaceAll("~1", "/").replaceAll("~0", "~");
    return typeof found === "object" && found !== null && Object.hasOwn(found, key)
      ? Reflect.get(found, key)
      : undefined;
  }, document);
}
