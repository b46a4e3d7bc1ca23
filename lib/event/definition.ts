import type * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { checkSchema } from "./schema-check.ts";
import { typeNameProblem } from "./type-name.ts";

/** How an older version of a type's data becomes the next one. */
export interface OlderVersion {
  version: number;
  data: z.core.$ZodType;
  /** Gives the data of the next higher version that is defined. */
  upcast: (data: never) => unknown;
}

declare const dataType: unique symbol;

/**
 * The schema and version behind a type. `Data` is the schema's input: an event carries what was published, unchanged.
 * The schema's own type is left out on purpose: with 100 definitions it triples the declarations.
 */
export interface EventDefinition<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly version: number;
  readonly description: string;
  /** Whether its events are kept in history; `false` for high-rate deltas. */
  readonly history: boolean;
  readonly schema: z.core.$ZodType;
  /** Oldest first. */
  readonly older: readonly OlderVersion[];
  /** Carries `Data` for inference; no value at run time. */
  readonly [dataType]?: Data;
}

/** A schema whose values are objects. */
export type DataSchema = z.core.$ZodType<Record<string, unknown>, Record<string, unknown>>;

/** An older version, its `upcast` typed by its schema. */
export interface OlderVersionOf<Schema extends DataSchema> {
  version: number;
  /** What its events were validated by, and still are when one is published. */
  data: Schema;
  /** Gives the data of the next higher version that is defined. What it gets is frozen: return a new object. */
  upcast: (data: z.input<Schema>) => Readonly<Record<string, unknown>>;
}

/** What {@link defineEvent} is told of a type. */
export interface EventOptions<Schema extends DataSchema, Older extends readonly DataSchema[] = readonly []> {
  /** An integer from 1; default 1. Raise it when the schema changes so that old data no longer fits. */
  version?: number;
  /** One line, for people. */
  description?: string;
  /** A zod schema of an object that does not change what it validates. Prefer `z.looseObject`. */
  data: Schema;
  /** Whether history keeps its events; default true. */
  history?: boolean;
  /** The versions before, in any order. Their events are still accepted, and handlers see them as the newest. */
  older?: { [Index in keyof Older]: OlderVersionOf<Older[Index]> };
}

/** Maps each type of a set of definitions to its data: `interface MyEvents extends ByType<typeof definitions>`. */
export type ByType<Definitions> = {
  [Name in keyof Definitions as Definitions[Name] extends EventDefinition<infer Type>
    ? Type
    : never]: Definitions[Name] extends EventDefinition<string, infer Data> ? Data : never;
};

/**
 * Defines an event type. `invalid_config` where the type is no "domain.action.state" name of at most 128 characters, a
 * version is no integer from 1 or is there twice, or a schema is no JSON object or changes what it validates (defaults,
 * transforms, coercions, dates …): events carry their input.
 */
export function defineEvent<
  const Type extends string,
  Schema extends DataSchema,
  const Older extends readonly DataSchema[] = readonly [],
>(type: Type, options: EventOptions<Schema, Older>): EventDefinition<Type, z.input<Schema>> {
  const problem = typeNameProblem(type);
  if (problem !== undefined) throw invalid(type, `the type ${shortForm(type)} ${problem}`);
  const version = checkVersion(type, options.version ?? 1);
  checkSchema(type, options.data);
  return Object.freeze({
    type,
    version,
    description: options.description ?? "",
    history: options.history ?? true,
    schema: options.data,
    older: checkOlder(type, version, options.older ?? []),
  });
}

function checkOlder(type: string, newest: number, given: readonly OlderVersion[]): readonly OlderVersion[] {
  const versions = new Set([newest]);
  for (const older of given) {
    checkVersion(type, older.version);
    if (versions.has(older.version)) throw invalid(type, `version ${older.version} is there twice; number them apart`);
    if (older.version > newest) {
      throw invalid(type, `\`older\` has version ${older.version}, but the newest is ${newest}; raise \`version\``);
    }
    versions.add(older.version);
    checkSchema(`${type}" version "${older.version}`, older.data);
    if (typeof older.upcast !== "function")
      throw invalid(type, `version ${older.version} lacks its \`upcast\` function`);
  }
  return Object.freeze(given.map((older) => Object.freeze({ ...older })).sort((a, b) => a.version - b.version));
}

function checkVersion(type: string, version: number): number {
  if (Number.isSafeInteger(version) && version >= 1) return version;
  throw invalid(type, `the version ${shortForm(version)} is no integer from 1`);
}

function invalid(type: string, problem: string): BusError {
  return new BusError("invalid_config", `Definition ${shortForm(type)}: ${problem}`, { details: { type } });
}
