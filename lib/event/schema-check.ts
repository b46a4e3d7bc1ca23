import type * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { formatPath } from "./path.ts";

/** Why a definition may not use a kind of schema. Events carry the schema's input, so its output must be the same. */
const refusedKinds: Readonly<Record<string, string>> = {
  default: "fills in a value, but an event carries what was published: use `.optional()` and apply defaults on reading",
  prefault:
    "fills in a value, but an event carries what was published: use `.optional()` and apply defaults on reading",
  catch: "replaces invalid values, but invalid data is refused: remove `.catch()`",
  transform: "changes the value, but an event carries what was published: transform it on reading",
  pipe: "changes the value, but an event carries what was published: transform it on reading",
  success: "changes the value, but an event carries what was published: test it on reading",
  promise: "JSON has no promises: await before you publish",
  date: "JSON has no dates: use `z.iso.datetime()`",
  bigint: "JSON has no BigInt: use `z.int()` or `z.string()`",
  symbol: "JSON has no symbols",
  undefined: "JSON has no undefined: use `.optional()` or `z.null()`",
  void: "JSON has no undefined: use `.optional()` or `z.null()`",
  nan: "JSON has no NaN: use `z.null()`",
  map: "JSON has no maps: use `z.record()`",
  set: "JSON has no sets: use `z.array()`",
  file: "JSON has no files: publish a reference",
  function: "JSON has no functions",
};

/** Schemas that have passed with all that is within them: the definitions of a domain share theirs, and the fields even more. */
const passed = new WeakSet<z.core.$ZodType>();

/**
 * Throws `invalid_config`, with the path, for a schema that does not describe a JSON object or that changes what it
 * validates.
 */
export function checkSchema(definition: string, schema: z.core.$ZodType): void {
  const check = new SchemaCheck(definition);
  check.check(schema, []);
  for (const one of check.seen) passed.add(one);
  if (!describesObject(schema)) {
    throw refusal(definition, [], schema, "must be an object schema: wrap it, as in `z.looseObject({ value: … })`");
  }
}

class SchemaCheck {
  readonly #definition: string;
  /** What it has looked at: once it has ended without an error, all of that is right. */
  readonly seen = new Set<z.core.$ZodType>();

  constructor(definition: string) {
    this.#definition = definition;
  }

  check(schema: z.core.$ZodType, path: readonly (string | number)[]): void {
    if (passed.has(schema) || this.seen.has(schema)) return;
    this.seen.add(schema);
    this.#checkItself(schema, path);
    for (const [step, part] of this.#parts(schema, path)) this.check(part, step === undefined ? path : [...path, step]);
  }

  #checkItself(schema: z.core.$ZodType, path: readonly (string | number)[]): void {
    const def = schema._zod.def;
    const problem = refusedKinds[def.type];
    if (problem !== undefined) throw refusal(this.#definition, path, schema, problem);
    if ("coerce" in def && def.coerce === true) {
      throw refusal(
        this.#definition,
        path,
        schema,
        "coerces the value, but an event carries what was published: remove `coerce`",
      );
    }
    const normalizes = "normalize" in def && def.normalize === true;
    if (normalizes || def.checks?.some((check) => check._zod.def.check === "overwrite")) {
      throw refusal(
        this.#definition,
        path,
        schema,
        "changes the value (trim, toLowerCase, normalize …), but an event carries what was published: change it before you publish",
      );
    }
    const literal = isKnown(schema) && schema._zod.def.type === "literal" && schema._zod.def.values.find(isNotJson);
    if (literal !== false && literal !== undefined) {
      throw refusal(this.#definition, path, schema, `has the value ${shortForm(literal)}, which JSON cannot hold`);
    }
  }

  #parts(
    schema: z.core.$ZodType,
    path: readonly (string | number)[],
  ): [step: string | number | undefined, part: z.core.$ZodType][] {
    try {
      return partsOf(schema);
    } catch (cause) {
      // A lazy schema refers to one that is declared later.
      throw refusal(
        this.#definition,
        path,
        schema,
        `cannot be read: ${shortForm(cause)}; declare the schemas it refers to before it`,
        cause,
      );
    }
  }
}

/** Narrows to zod's own union of its classes; a `$ZodType` is always one of them. */
function isKnown(_schema: z.core.$ZodType): _schema is z.core.$ZodTypes {
  return true;
}

function isNotJson(value: unknown): boolean {
  return typeof value === "bigint" || typeof value === "symbol" || value === undefined;
}

/**
 * The schemas within a schema, each with its step: a field or an index, `*` for any other, `undefined` where it describes the
 * same value. Throws what a lazy schema throws.
 */
export function partsOf(schema: z.core.$ZodType): [step: string | number | undefined, part: z.core.$ZodType][] {
  if (!isKnown(schema)) return [];
  const def = schema._zod.def;
  switch (def.type) {
    case "object":
      return [
        ...Object.entries(def.shape),
        ...(def.catchall === undefined ? [] : ([["*", def.catchall]] satisfies [string, z.core.$ZodType][])),
      ];
    case "array":
      return [["*", def.element]];
    case "tuple":
      return [
        ...def.items.map((item, index): [number, z.core.$ZodType] => [index, item]),
        ...(def.rest === null ? [] : ([["*", def.rest]] satisfies [string, z.core.$ZodType][])),
      ];
    case "record":
      return [
        ["(key)", def.keyType],
        ["*", def.valueType],
      ];
    case "union":
      return def.options.map((option) => [undefined, option]);
    case "intersection":
      return [
        [undefined, def.left],
        [undefined, def.right],
      ];
    case "optional":
    case "nullable":
    case "nonoptional":
    case "readonly":
      return [[undefined, def.innerType]];
    case "lazy":
      return [[undefined, def.getter()]];
    default:
      return [];
  }
}

/** Whether every value that passes is an object. Called only with schemas that passed the check. */
function describesObject(schema: z.core.$ZodType, seen: ReadonlySet<z.core.$ZodType> = new Set()): boolean {
  if (!isKnown(schema) || seen.has(schema)) return false;
  const def = schema._zod.def;
  const inside = new Set([...seen, schema]);
  switch (def.type) {
    case "object":
    case "record":
      return true;
    case "union":
      return def.options.every((option) => describesObject(option, inside));
    case "intersection":
      return describesObject(def.left, inside) || describesObject(def.right, inside);
    case "readonly":
      return describesObject(def.innerType, inside);
    case "lazy":
      return describesObject(def.getter(), inside);
    default:
      return false;
  }
}

function refusal(
  definition: string,
  path: readonly (string | number)[],
  schema: z.core.$ZodType,
  problem: string,
  cause?: unknown,
): BusError {
  const where = formatPath("data", path);
  const kind = schema._zod.def.type;
  return new BusError("invalid_config", `definition "${definition}": the schema of ${where} (${kind}) ${problem}`, {
    details: { type: definition, path: where, schema: kind },
    cause,
  });
}
