import * as z from "zod";
import { copyJson } from "./copy-json.ts";
import type { EventDefinition } from "./definition.ts";
import { isJsonList, isJsonObject, type Json, type JsonObject } from "./json.ts";

const dialect = "https://json-schema.org/draft/2020-12/schema";

/** Returns the JSON Schema 2020-12 of a definition's data. A definition's input and output are the same. */
export function jsonSchemaOf(definition: EventDefinition): JsonObject {
  return { $schema: dialect, ...describe(definition) };
}

/** Returns one JSON Schema document with each definition under its type in `$defs`. */
export function jsonSchemaOfAll(definitions: Iterable<EventDefinition>): JsonObject {
  const $defs: Record<string, Json> = {};
  for (const definition of definitions) {
    $defs[definition.type] = moveReferences(describe(definition), `#/$defs/${definition.type}`);
  }
  return { $schema: dialect, $defs };
}

/**
 * Returns the JSON Schema draft 7 of a definition's data, for a document that knows no later one. `root` is the JSON pointer
 * to the place that it will have there: references within it start at the root of the document.
 */
export function draft7SchemaOf(definition: EventDefinition, root: string): JsonObject {
  return moveReferences(describe(definition, "draft-07"), root);
}

/** Returns the JSON Schema 2020-12 of a schema of data, without its dialect: that of a definition or of an older version. */
export function jsonSchemaOfData(data: z.core.$ZodType): JsonObject {
  return convert(data, "draft-2020-12");
}

function convert(data: z.core.$ZodType, target: "draft-2020-12" | "draft-07"): JsonObject {
  const schema = copyJson(z.toJSONSchema(data, { io: "input", target, unrepresentable: "any" }));
  const { $schema: _, ...rest } = isJsonObject(schema) ? schema : {};
  return rest;
}

function describe(definition: EventDefinition, target: "draft-2020-12" | "draft-07" = "draft-2020-12"): JsonObject {
  const rest = convert(definition.schema, target);
  const description = definition.description === "" ? {} : { description: definition.description };
  return { title: definition.type, ...description, "x-version": definition.version, ...rest };
}

/** Rewrites references, which start at the root of a schema, for a schema that is nested in a larger document. */
function moveReferences(schema: JsonObject, root: string): JsonObject {
  const move = (part: Json): Json => {
    if (isJsonList(part)) return part.map(move);
    return isJsonObject(part) ? moveReferences(part, root) : part;
  };
  const moved: Record<string, Json> = {};
  for (const [key, part] of Object.entries(schema)) {
    moved[key] = key === "$ref" && typeof part === "string" ? `${root}${part.slice(1)}` : move(part);
  }
  return moved;
}
