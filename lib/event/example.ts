import * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { readable } from "../error/readable.ts";
import { type EventDefinition, isDefinition } from "./definition.ts";
import { isJsonList, isJsonObject, type Json, type JsonObject } from "./json.ts";
import { jsonSchemaOf } from "./json-schema.ts";

/** Values that make an example read like a real event. */
const samples: Readonly<Record<string, Json>> = {
  taskId: "task-12",
  agentId: "reader-1",
  title: "Read the notes of May",
  status: "ok",
  currency: "EUR",
  content: "The notes name two suppliers.",
};

/** Down to this level an example has every field; below it only the required ones. */
const fullDepth = 3;

/**
 * Returns data that a definition accepts, as a starting point for people: the schema's own example
 * (`.meta({ examples: [...] })`), or one generated from the schema with every field. Returns `undefined` if the generated one
 * does not validate; add an example to the schema then. Throws `invalid_config` for what is no definition.
 */
export function exampleOf(definition: EventDefinition): JsonObject | undefined {
  if (!readable("exampleOf: the definition", () => isDefinition(definition))) {
    throw new BusError("invalid_config", `exampleOf: the definition ${mustBe("what defineEvent gives", definition)}`);
  }
  const schema = jsonSchemaOf(definition);
  const example = exampleFor(schema, "", schema, 0);
  return isJsonObject(example) && z.safeParse(definition.schema, example).success ? example : undefined;
}

function exampleFor(schema: Json | undefined, name: string, root: JsonObject, depth: number): Json {
  if (!isJsonObject(schema) || depth > 3 * fullDepth) return {};
  if (typeof schema.$ref === "string") return exampleFor(resolve(root, schema.$ref), name, root, depth + 1);
  const given = isJsonList(schema.examples) ? schema.examples[0] : schema.const;
  if (given !== undefined) return given;
  if (isJsonList(schema.enum)) return schema.enum[0] ?? null;
  const options = schema.anyOf ?? schema.oneOf;
  if (isJsonList(options)) return exampleFor(options[0], name, root, depth + 1);
  if (isJsonList(schema.allOf)) {
    return Object.assign({}, ...schema.allOf.map((part) => exampleFor(part, name, root, depth + 1)));
  }
  switch (isJsonList(schema.type) ? schema.type[0] : schema.type) {
    case "object":
      return exampleObject(schema, root, depth);
    case "array":
      return exampleArray(schema, name, root, depth);
    case "string":
      return exampleText(schema, name);
    case "integer":
    case "number":
      return exampleNumber(schema);
    case "boolean":
      return false;
    case "null":
      return null;
    default:
      return samples[name] ?? { note: "any JSON" };
  }
}

function exampleObject(schema: JsonObject, root: JsonObject, depth: number): JsonObject {
  const example: Record<string, Json> = {};
  const fields = isJsonObject(schema.properties) ? schema.properties : {};
  for (const [name, field] of Object.entries(fields)) {
    // An optional field is omitted if it has no valid value, or if a recursive schema would go on forever.
    const required = isJsonList(schema.required) && schema.required.includes(name);
    if (!required && (depth > fullDepth || (isJsonObject(field) && "not" in field))) continue;
    example[name] = exampleFor(field, name, root, depth + 1);
  }
  return example;
}

function exampleArray(schema: JsonObject, name: string, root: JsonObject, depth: number): Json {
  if (isJsonList(schema.prefixItems)) return schema.prefixItems.map((item) => exampleFor(item, name, root, depth + 1));
  const length = Math.max(1, numberOr(schema.minItems, 1));
  const singular = name.replace(/s$/, "");
  return Array.from({ length }, () => exampleFor(schema.items, singular, root, depth + 1));
}

function exampleText(schema: JsonObject, name: string): string {
  const formats: Readonly<Record<string, string>> = {
    "date-time": "2026-01-31T12:00:00Z",
    date: "2026-01-31",
    time: "12:00:00",
    duration: "PT5M",
    email: "ada@example.com",
    uri: "https://example.com/notes",
    uuid: "0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d",
    ipv4: "192.0.2.1",
    ipv6: "2001:db8::1",
  };
  const formatted = typeof schema.format === "string" ? formats[schema.format] : undefined;
  if (formatted !== undefined) return formatted;
  const sample = samples[name];
  const text =
    typeof sample === "string" ? sample : name.endsWith("Id") ? `${name.slice(0, -2)}-1` : `some ${name || "text"}`;
  return text.padEnd(numberOr(schema.minLength, 0), ".").slice(0, numberOr(schema.maxLength, text.length + 1_000_000));
}

function exampleNumber(schema: JsonObject): number {
  const least = numberOr(schema.minimum, numberOr(schema.exclusiveMinimum, 0));
  const most = numberOr(schema.maximum, numberOr(schema.exclusiveMaximum, Number.POSITIVE_INFINITY));
  // An integer looks like a count or a duration; only a range of at most 1 gets a fraction.
  const step = numberOr(schema.multipleOf, schema.type === "integer" || most - least > 1 ? 1 : 0.5);
  const above = (Math.floor(Math.max(least, Number.MIN_SAFE_INTEGER) / step) + 1) * step;
  return above <= most ? above : least;
}

function resolve(root: JsonObject, reference: string): Json | undefined {
  let part: Json | undefined = root;
  for (const step of reference.split("/").slice(1)) part = isJsonObject(part) ? part[step] : undefined;
  return part;
}

function numberOr(json: Json | undefined, otherwise: number): number {
  return typeof json === "number" ? json : otherwise;
}
