import * as z from "zod";
import type { Catalog } from "../../event/catalog.ts";
import type { EventDefinition } from "../../event/definition.ts";
import type { JsonObject } from "../../event/json.ts";
import { jsonSchemaOfData } from "../../event/json-schema.ts";
import { CliError } from "../report-error.ts";
import { breakingChanges } from "./compare-schemas.ts";

/** A problem of the catalog, compared with what was before. */
export interface SchemaProblem {
  readonly type: string;
  /** The field; absent where it is about the type as a whole. */
  readonly path?: string;
  readonly text: string;
  readonly fix: string;
}

const json = z.custom<JsonObject>(isObject, "must be an object");
const baselineSchema = z.object({
  waggle: z.literal("schemas/1"),
  types: z.record(z.string(), z.object({ version: z.int().min(1), schema: json })),
});

/** The types of a catalog as they are saved: the version and the JSON Schema of each. */
export type Baseline = z.infer<typeof baselineSchema>;

/** What a catalog is saved as. */
export function baselineOf(catalog: Catalog): Baseline {
  const types = catalog.types().flatMap((type) => {
    const definition = catalog.get(type);
    if (definition === undefined) return [];
    return [[type, { version: definition.version, schema: jsonSchemaOfData(definition.schema) }] as const];
  });
  return { waggle: "schemas/1", types: Object.fromEntries(types) };
}

/** Reads what was saved. Throws `CliError`. */
export function parseBaseline(text: string, file: string): Baseline {
  try {
    return baselineSchema.parse(JSON.parse(text));
  } catch (thrown) {
    throw new CliError(`${file} is not a baseline of waggle schema save`, { cause: thrown });
  }
}

/** The breaking changes of a catalog since a baseline that have no new version with an upcast. */
export function problemsSince(baseline: Baseline, catalog: Catalog): readonly SchemaProblem[] {
  return Object.entries(baseline.types).flatMap(([type, before]) => {
    const definition = catalog.get(type);
    if (definition !== undefined) return problemsOf(definition, before);
    const fix = "keep the definition for as long as its events are in history or somebody publishes them";
    return [{ type, text: "the type was removed", fix }];
  });
}

function problemsOf(definition: EventDefinition, before: Baseline["types"][string]): readonly SchemaProblem[] {
  const { older, schema, type, version } = definition;
  if (version < before.version) {
    return [{ type, text: `version ${version} is below ${before.version}`, fix: "versions only rise" }];
  }
  if (version === before.version) {
    const fix = `raise the version to ${version + 1}, and keep version ${version} in \`older\` with an upcast`;
    return breakingChanges(before.schema, jsonSchemaOfData(schema)).map((change) => ({ type, ...change, fix }));
  }
  const kept = older.find((one) => one.version === before.version);
  if (kept === undefined) {
    const text = `version ${before.version} has no upcast to ${version}`;
    return [{ type, text, fix: `add version ${before.version} to \`older\` with an upcast` }];
  }
  const fix = `leave version ${before.version} in \`older\` as it was`;
  return breakingChanges(before.schema, jsonSchemaOfData(kept.data)).map((change) => ({
    type,
    ...change,
    text: `version ${before.version}: ${change.text}`,
    fix,
  }));
}

/** What JSON.parse gave holds nothing but JSON. */
function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
