import type { Catalog } from "../../event/catalog.ts";
import type { EventDefinition } from "../../event/definition.ts";
import { jsonSchemaOfData } from "../../event/json-schema.ts";
import { domainOf } from "./async-api.ts";

/** A file of a folder, with its path inside of it. */
export interface CatalogFile {
  readonly path: string;
  readonly text: string;
}

/** The folder of EventCatalog (eventcatalog.dev): one domain for each first word, an event a type, with its schemas by version. */
export function* eventCatalogFiles(catalog: Catalog): Generator<CatalogFile> {
  for (const [domain, types] of Map.groupBy(catalog.types(), domainOf)) {
    const sends = types.flatMap((type) => {
      const version = catalog.get(type)?.version;
      return [`  - id: ${type}`, `    version: ${version}.0.0`];
    });
    yield {
      path: `domains/${domain}/index.mdx`,
      text: page({ id: domain, name: domain, version: "1.0.0", summary: `Events of ${domain}.` }, ["sends:", ...sends]),
    };
    for (const type of types) {
      const definition = catalog.get(type);
      if (definition !== undefined) yield* eventFiles(catalog, domain, definition);
    }
  }
}

function* eventFiles(catalog: Catalog, domain: string, definition: EventDefinition): Generator<CatalogFile> {
  const { description, older, type, version } = definition;
  const folder = `domains/${domain}/events/${type}`;
  const summary = description === "" ? type : description;
  yield eventPage(folder, { id: type, name: type, version: `${version}.0.0`, summary });
  yield { path: `${folder}/schema.json`, text: json(catalog.jsonSchema(type)) };
  for (const one of older) {
    const versioned = `${folder}/versioned/${one.version}.0.0`;
    yield eventPage(versioned, { id: type, name: type, version: `${one.version}.0.0`, summary });
    yield { path: `${versioned}/schema.json`, text: json(jsonSchemaOfData(one.data)) };
  }
}

function eventPage(folder: string, fields: Readonly<Record<string, string>>): CatalogFile {
  return { path: `${folder}/index.mdx`, text: page(fields, ["schemaPath: schema.json"], "<SchemaViewer />\n") };
}

/** A page with its fields in front; JSON texts are YAML texts too. */
function page(fields: Readonly<Record<string, string>>, more: readonly string[], body = ""): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `---\n${[...lines, ...more].join("\n")}\n---\n\n${body}`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
