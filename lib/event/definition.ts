import type * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { readable } from "../error/readable.ts";
import { shortForm } from "../error/short-form.ts";
import type { DeepReadonly } from "./data-types.ts";
import { didYouMean } from "./nearest.ts";
import { checkSchema } from "./schema-check.ts";
import { isZodSchema, schemaProblem } from "./schema-kind.ts";
import { typeNameProblem } from "./type-name.ts";

/** An older version of a type's data, and how to convert it to the next version. */
export interface OlderVersion {
  /** An integer from 1, below the version of the definition. */
  version: number;
  /** The schema that validates events of this version. */
  data: z.core.$ZodType;
  /** Returns the data in the next higher version that is defined. */
  upcast: (data: never) => unknown;
}

declare const dataType: unique symbol;

/**
 * The schema and version of an event type. `Data` is the schema's input, readonly: an event carries what was published,
 * unchanged and frozen.
 * The schema's own type is deliberately not a parameter: with 100 definitions it triples the size of the declarations.
 */
export interface EventDefinition<Type extends string = string, Data = unknown> {
  /** "domain.action.state", at most 128 characters. */
  readonly type: Type;
  /** An integer from 1. */
  readonly version: number;
  /** One line for people; empty if none was given. */
  readonly description: string;
  /** Whether history keeps the events of this type; `false` for high-rate deltas. */
  readonly history: boolean;
  /** Validates the data of new events, and never changes it. */
  readonly schema: z.core.$ZodType;
  /** The older versions, oldest first. */
  readonly older: readonly OlderVersion[];
  /** Carries `Data` for inference; has no value at run time. */
  readonly [dataType]?: Data;
}

/** A schema whose values are objects. */
export type DataSchema = z.core.$ZodType<Record<string, unknown>, Record<string, unknown>>;

/** An older version whose `upcast` is typed by its schema. */
export interface OlderVersionOf<Schema extends DataSchema> {
  /** An integer from 1, below the version of the definition. */
  version: number;
  /** The schema that validates events of this version, including those published today. */
  data: Schema;
  /** Returns the data in the next higher version that is defined. The argument is frozen: return a new object. */
  upcast: (data: DeepReadonly<z.input<Schema>>) => Readonly<Record<string, unknown>>;
}

/** Options of {@link defineEvent}. */
export interface EventOptions<Schema extends DataSchema, Older extends readonly DataSchema[] = readonly []> {
  /** An integer from 1; default 1. Increase it when the schema changes so that old data no longer matches. */
  version?: number;
  /** One line for people. */
  description?: string;
  /** A zod schema of an object that does not change what it validates. Prefer `z.looseObject`. */
  data: Schema;
  /** Whether history keeps the events of this type; default true. */
  history?: boolean;
  /** The older versions, in any order. Their events are still accepted, and handlers receive them in the newest version. */
  older?: { [Index in keyof Older]: OlderVersionOf<Older[Index]> };
}

/** Maps each type of a set of definitions to its data: `interface MyEvents extends ByType<typeof definitions>`. */
export type ByType<Definitions> = {
  [Name in keyof Definitions as Definitions[Name] extends EventDefinition<infer Type>
    ? Type
    : never]: Definitions[Name] extends EventDefinition<string, infer Data> ? Data : never;
};

/**
 * Defines an event type. Throws `invalid_config` if the type is not a "domain.action.state" name of at most 128 characters,
 * if a version is not an integer from 1 or is defined twice, or if a schema does not describe a JSON object or changes what
 * it validates (defaults, transforms, coercions, dates …): events carry the schema's input.
 */
export function defineEvent<
  const Type extends string,
  Schema extends DataSchema,
  const Older extends readonly DataSchema[] = readonly [],
>(type: Type, options: EventOptions<Schema, Older>): EventDefinition<Type, DeepReadonly<z.input<Schema>>> {
  const problem = typeNameProblem(type);
  if (problem !== undefined) throw invalid(type, `the type ${problem}`);
  return readable(`definition ${shortForm(type)}: its options`, () => {
    checkNames(type, options, optionNames, "the options");
    const { version = 1, description = "", data, history = true, older = [] } = options;
    checkVersion(type, version);
    if (typeof description !== "string") throw invalid(type, `the description ${mustBe("a string", description)}`);
    if (typeof history !== "boolean") throw invalid(type, `history ${mustBe("a boolean", history)}`);
    checkData(type, type, data);
    return Object.freeze({
      type,
      version,
      description,
      history,
      schema: data,
      older: checkOlder(type, version, older),
    });
  });
}

/** Whether a value is what {@link defineEvent} gives. By its shape, so that one of a second copy of the package counts too. */
export function isDefinition(given: unknown): given is EventDefinition {
  if (typeof given !== "object" || given === null) return false;
  const { type, version, schema, older } = Object(given);
  return (
    typeNameProblem(type) === undefined && typeof version === "number" && isZodSchema(schema) && Array.isArray(older)
  );
}

const optionNames = [
  "version",
  "description",
  "data",
  "history",
  "older",
] as const satisfies (keyof EventOptions<never>)[];
const olderNames = ["version", "data", "upcast"] as const satisfies (keyof OlderVersion)[];

function checkNames(type: string, given: unknown, known: readonly string[], what: string): void {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw invalid(type, `${what} must be an object of ${known.join(", ")}, not ${shortForm(given)}`);
  }
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const fix = didYouMean(unknown, known, `${what} are ${known.join(", ")}`);
  throw invalid(type, `unknown option ${shortForm(unknown)}${fix}`);
}

/** `name` is that of the definition, with the version where it is an older one. */
function checkData(type: string, name: string, schema: DataSchema | OlderVersion["data"]): void {
  const problem = schemaProblem(schema);
  if (problem !== undefined) throw invalid(type, `data ${problem}`);
  checkSchema(name, schema);
}

function checkOlder(type: string, newest: number, given: readonly OlderVersion[]): readonly OlderVersion[] {
  if (!Array.isArray(given)) throw invalid(type, `older ${mustBe("a list of { version, data, upcast }", given)}`);
  const versions = new Set([newest]);
  for (const older of given) {
    checkNames(type, older, olderNames, "the fields of an older version");
    checkVersion(type, older.version);
    if (versions.has(older.version)) {
      throw invalid(type, `version ${older.version} is defined twice; give each version its own number`);
    }
    if (older.version > newest) {
      throw invalid(
        type,
        `the version must be greater than all of \`older\`, which has ${older.version}, not ${newest}`,
      );
    }
    versions.add(older.version);
    checkData(type, `${type}" version "${older.version}`, older.data);
    if (typeof older.upcast !== "function") {
      throw invalid(type, `the upcast of version ${older.version} ${mustBe("a function", older.upcast)}`);
    }
  }
  return Object.freeze(given.map((older) => Object.freeze({ ...older })).sort((a, b) => a.version - b.version));
}

function checkVersion(type: string, version: number): number {
  if (Number.isSafeInteger(version) && version >= 1) return version;
  throw invalid(type, `the version ${mustBe("an integer from 1", version)}`);
}

function invalid(type: string, problem: string): BusError {
  return new BusError("invalid_config", `definition ${shortForm(type)}: ${problem}`, { details: { type } });
}
