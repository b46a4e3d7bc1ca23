import type { DeclaredName } from "../event/data-types.ts";
import type { EventDefinition } from "../event/definition.ts";
import type { EventMetadata } from "../event/event.ts";
import { metadataNames } from "../event/metadata.ts";
import { didYouMean } from "../event/nearest.ts";
import { declaredPaths, hasPath } from "../event/schema-path.ts";

type MetadataPath = `metadata.${(keyof EventMetadata & string) | "replay.id" | "erased.at"}`;

/** The path to a value in an event. */
export type KeyPath = "source" | "type" | `data.${string}` | MetadataPath;

/** The path to a value in the events of a selector: of a definition only what it declares, up to five levels deep. */
export type KeyPathOf<Selector> = [Extract<Selector, string>] extends [never]
  ? Selector extends EventDefinition<string, infer Data>
    ? "source" | "type" | MetadataPath | `data.${PathIn<Data, [1, 1, 1, 1]>}`
    : KeyPath
  : KeyPath;

/** The dotted paths of the declared fields; any path below what may hold any field. */
type PathIn<Value, Deeper extends readonly unknown[]> = unknown extends Value
  ? string
  : Value extends readonly unknown[]
    ? string
    : Value extends object
      ? [DeclaredName<Value>] extends [never]
        ? string
        : {
            [Name in DeclaredName<Value> & string]: Name | `${Name}.${PathBelow<Value, Name, Deeper>}`;
          }[DeclaredName<Value> & string]
      : never;

type PathBelow<Value, Name, Deeper extends readonly unknown[]> = Name extends keyof Value
  ? Deeper extends readonly [unknown, ...infer Rest]
    ? PathIn<Value[Name], Rest>
    : string
  : never;

/** Returns the problem of a path into the metadata, or `undefined`. Metadata have no other fields than Waggle's. */
export function metadataPathProblem(path: string): string | undefined {
  const [root, name = "", ...below] = path.split(".");
  if (root !== "metadata") return undefined;
  if (!metadataNames.has(name)) {
    return `metadata has no field ${name}${didYouMean(name, metadataNames, `the fields are ${[...metadataNames].join(", ")}`)}`;
  }
  if (below.length === 0 || (name === "replay" && below.join(".") === "id")) return undefined;
  return `metadata.${name} has no fields`;
}

/** Returns the problem of a path into data that none of the definitions, older versions included, declares, or `undefined`. */
export function dataPathProblem(path: string, definitions: readonly EventDefinition[]): string | undefined {
  const [root, ...steps] = path.split(".");
  if (root !== "data" || definitions.length === 0) return undefined;
  const schemas = definitions.flatMap(({ schema, older }) => [schema, ...older.map(({ data }) => data)]);
  if (schemas.some((schema) => hasPath(schema, steps))) return undefined;
  const known = new Set(schemas.flatMap((schema) => declaredPaths(schema).map((declared) => `data.${declared}`)));
  const [one, ...more] = definitions.map(({ type }) => type);
  const types = more.length === 0 ? one : `${one} and ${more.length === 1 ? more[0] : `${more.length} more types`}`;
  return `${path} is not declared by ${types}${didYouMean(path, known, "add the field to the definition")}`;
}
