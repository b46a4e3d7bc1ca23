import type { EventDefinition } from "../../event/definition.ts";
import { isJsonList, isJsonObject, type Json, type JsonObject } from "../../event/json.ts";
import type { CliIo } from "../io.ts";
import { indent, renderFields } from "./fields.ts";
import { toJson } from "./json.ts";
import { renderTable } from "./table.ts";
import { plural, printable } from "./text.ts";

/** Renders definitions as a table. */
export function renderDefinitions(io: CliIo, definitions: readonly EventDefinition[]): string {
  const { bold, dim } = io.stdout.colors;
  const table = renderTable<EventDefinition>(
    io.stdout,
    [
      { title: "TYPE", text: ({ type }) => type, style: bold },
      { title: "VERSION", text: ({ version }) => String(version), align: "right" },
      { title: "DESCRIPTION", text: ({ description }) => printable(description), flexible: true },
    ],
    definitions,
  );
  return `${table}${dim(plural(definitions.length, "type"))}\n`;
}

/** Renders one definition with its fields, an example and a command that publishes the example. */
export function renderDefinition(
  io: CliIo,
  definition: EventDefinition,
  schema: JsonObject,
  example: JsonObject | undefined,
): string {
  const { bold, dim, cyan } = io.stdout.colors;
  const head = renderFields(io.stdout, {
    version: String(definition.version),
    older: definition.older.length === 0 ? undefined : definition.older.map((older) => older.version).join(", "),
    history: definition.history ? undefined : "not kept",
  });
  const fields = fieldsOf(schema);
  const table = renderTable(
    io.stdout,
    [
      { title: "", text: (field) => `  ${printable(field.name)}`, style: bold },
      { title: "", text: (field) => field.kind },
      { title: "", text: (field) => (field.required ? "required" : ""), style: dim },
      { title: "", text: (field) => printable(field.description), style: dim, flexible: true },
    ],
    fields,
  );
  const publish =
    example === undefined ? "" : `waggle publish ${definition.type} '${toJson(example).replaceAll("'", "'\\''")}'`;
  return [
    `${bold(definition.type)}  ${printable(definition.description)}\n${head}`,
    `\n${bold("Fields")}${fields.length === 0 ? dim(" any") : ""}\n${table}`,
    example === undefined ? "" : `\n${bold("Example")}\n${indent(toJson(example, 2))}\n\n  ${cyan(publish)}\n`,
  ].join("");
}

interface Field {
  name: string;
  kind: string;
  required: boolean;
  description: string;
}

function fieldsOf(schema: JsonObject): Field[] {
  const required = isJsonList(schema.required) ? schema.required : [];
  return Object.entries(isJsonObject(schema.properties) ? schema.properties : {}).map(([name, field]) => ({
    name,
    kind: kindOf(field),
    required: required.includes(name),
    description: isJsonObject(field) && typeof field.description === "string" ? field.description : "",
  }));
}

/** Describes the values of a schema: `string`, `string[]`, `"raised" or "cleared"`, `number, 0 to 1`. */
function kindOf(schema: Json): string {
  if (!isJsonObject(schema)) return "any JSON";
  if (isJsonList(schema.enum)) return schema.enum.map((value) => toJson(value)).join(" or ");
  if (schema.const !== undefined) return toJson(schema.const);
  const options = schema.anyOf ?? schema.oneOf;
  if (isJsonList(options)) return [...new Set(options.map(kindOf))].join(" or ");
  if (schema.type === "array") return schema.items === undefined ? "array" : `${kindOf(schema.items)}[]`;
  if (typeof schema.$ref === "string" || schema.type === undefined) return "any JSON";
  const { minimum, maximum } = schema;
  const bounded = typeof minimum === "number" && typeof maximum === "number" && maximum < Number.MAX_SAFE_INTEGER;
  return `${isJsonList(schema.type) ? schema.type.join(" or ") : toJson(schema.type).replaceAll('"', "")}${bounded ? `, ${minimum} to ${maximum}` : ""}`;
}
