import type * as z from "zod";
import { partsOf } from "./schema-check.ts";

/** Kinds whose values may have any fields. */
const anything: ReadonlySet<string> = new Set(["any", "unknown", "custom"]);
/** How deep, and up to how many, declared paths are listed; recursive schemas have no end. */
const listedDepth = 5;
const listedPaths = 500;

/**
 * Whether the values of a schema may have a value at a path. A field that an object keeps without declaring it does not count;
 * one of a record, or below `z.unknown()`, does.
 */
export function hasPath(schema: z.core.$ZodType, steps: readonly string[]): boolean {
  return has(schema, steps, new Set());
}

function has(schema: z.core.$ZodType, steps: readonly string[], seen: ReadonlySet<z.core.$ZodType>): boolean {
  const [first, ...rest] = steps;
  if (first === undefined || anything.has(schema._zod.def.type)) return true;
  // A schema that refers to itself without a step in between describes nothing new.
  if (seen.has(schema)) return false;
  const inside = new Set([...seen, schema]);
  return partsOf(schema).some(([step, part]) => {
    if (step === undefined) return has(part, steps, inside);
    return (String(step) === first || takesAny(schema, step, part, first)) && has(part, rest, new Set());
  });
}

/** Whether a part describes a step that the schema does not name. */
function takesAny(schema: z.core.$ZodType, step: string | number, part: z.core.$ZodType, name: string): boolean {
  if (step !== "*") return false;
  const { type } = schema._zod.def;
  if (type === "array" || type === "tuple") return /^\d+$/.test(name);
  return type === "record" || !["unknown", "never"].includes(part._zod.def.type);
}

/** The paths that a schema declares, for messages: at most five levels deep. */
export function declaredPaths(schema: z.core.$ZodType): readonly string[] {
  const paths = new Set<string>();
  list(schema, "", listedDepth, paths);
  return [...paths];
}

function list(schema: z.core.$ZodType, prefix: string, depth: number, paths: Set<string>): void {
  for (const [step, part] of partsOf(schema)) {
    if (depth === 0 || paths.size >= listedPaths) return;
    if (step === "*" || step === "(key)") continue;
    if (step !== undefined) paths.add(`${prefix}${step}`);
    list(part, step === undefined ? prefix : `${prefix}${step}.`, depth - 1, paths);
  }
}
