import { eventIdNames } from "../../lib/event/event.ts";
import type { Catalog, Json, JsonObject } from "../../lib/event/index.ts";

/** The page of docs/ that lists every type of a catalog. */
export function catalogPage(catalog: Catalog): string {
  const types = catalog.types();
  const domains = Map.groupBy(types, (type) => type.split(".", 1)[0] ?? "");
  const sections = [...domains].map(([domain, names]) => section(catalog, domain, names));
  return `${intro(types.length, domains.size)}\n${sections.join("\n")}`;
}

function intro(types: number, domains: number): string {
  return `# The standard catalog

${types} types in ${domains} domains. \`connect\` uses this catalog unless you give another one;
[events](../local/events.md#define-a-type) shows how to add your own types,
[which event to publish](choose-events.md) which of two similar ones to prefer.

A field with \`?\` is optional. Data may contain further fields, which are kept. Metadata can say what an event belongs to:
\`${eventIdNames.join("`, `")}\`. Types that start
with \`custom.\` need no definition; their data is any JSON object.

\`waggle catalog show <type>\` prints an example of a type and its JSON Schema. This page is generated from the definitions
(\`npx vitest run test/docs -u\`), and a test keeps it up to date.
`;
}

function section(catalog: Catalog, domain: string, types: readonly string[]): string {
  const rows = types.map((type) => {
    const history = catalog.get(type)?.history === false ? " Not recorded in history." : "";
    return `| \`${type}\` | ${catalog.get(type)?.description}${history} | ${fields(catalog.jsonSchema(type))} |`;
  });
  return `## ${domain}\n\n| type | what happened | data |\n|---|---|---|\n${rows.join("\n")}\n`;
}

function fields(schema: JsonObject): string {
  const required = isList(schema.required) ? schema.required : [];
  const all = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  return all.map(([name, field]) => `\`${name}${required.includes(name) ? "" : "?"}\` ${kind(field)}`).join(", ");
}

/** What a field holds, in as few words as a table can take. */
function kind(schema: Json | undefined): string {
  if (!isObject(schema)) return "any JSON";
  if (isList(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (isList(schema.anyOf)) return schema.anyOf.map(kind).join(" or ");
  switch (schema.type) {
    case "string":
      return "string";
    case "array":
      return `list of ${kind(schema.items)}`;
    case "object":
      return isObject(schema.properties) ? `{ ${fields(schema)} }` : "object";
    case "number":
    case "integer":
      return `${schema.type}${range(schema)}`;
    default:
      return typeof schema.type === "string" ? schema.type : "any JSON";
  }
}

function range({ minimum, maximum }: JsonObject): string {
  if (typeof minimum !== "number" || minimum === Number.MIN_SAFE_INTEGER) return "";
  return typeof maximum !== "number" || maximum === Number.MAX_SAFE_INTEGER
    ? ` from ${minimum}`
    : ` from ${minimum} to ${maximum}`;
}

function isList(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json);
}

function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
