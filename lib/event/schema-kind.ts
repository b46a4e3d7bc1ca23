import type * as z from "zod";
import { mustBe } from "../error/must-be.ts";

const expected = "a zod 4 schema of an object, such as z.looseObject({ taskId: z.string() })";

/** Returns what is wrong with a value that should be a schema of zod 4, as the predicate of a message, or `undefined`. */
export function schemaProblem(given: unknown): string | undefined {
  if (isZodSchema(given)) return undefined;
  if (!isObject(given)) return mustBe(expected, given);
  if (isObject(given._def) && typeof given.safeParse === "function") {
    return 'is a schema of zod 3; install zod 4, or import z from "zod/v4" where that has it';
  }
  const standard = given["~standard"];
  if (isObject(standard)) return `is a schema of ${String(standard.vendor)}; it must be ${expected}`;
  if (["$schema", "properties", "type", "anyOf", "$ref"].some((name) => name in given)) {
    return "is a JSON Schema; convert it with z.fromJSONSchema(…), or write it in zod 4";
  }
  return mustBe(expected, given);
}

/** Every schema of zod 4, of zod/mini too, has this field. */
export function isZodSchema(given: unknown): given is z.core.$ZodType {
  return isObject(given) && isObject(given._zod) && isObject(given._zod.def) && typeof given._zod.def.type === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
