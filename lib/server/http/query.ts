import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import { shortForm } from "../../error/short-form.ts";

/** A query parameter that may be given several times. */
export const several = z.array(z.string().min(1)).min(1);

/** A number in a query. */
export const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, "must be a whole number")
  .transform(Number);

/** A yes or no in a query. */
export const flag = z.enum(["true", "false", "1", "0"]).transform((text) => text === "true" || text === "1");

/**
 * The parameters of a query by name: a list where the schema wants one, else a text. An empty `cursor` is none: the first page. Throws `invalid_config` for one given twice.
 */
export function queryOf(schema: z.ZodObject, given: URLSearchParams): Record<string, string | string[]> {
  const entries = [...new Set(given.keys())].flatMap((name): [string, string | string[]][] => {
    const values = given.getAll(name);
    const [first = ""] = values;
    if (Object.hasOwn(schema.shape, name) && takesSeveral(schema.shape[name])) return [[name, values]];
    if (values.length === 1) return name === "cursor" && first === "" ? [] : [[name, first]];
    throw new BusError("invalid_config", `the query has ${shortForm(name)} ${values.length} times; give it once`);
  });
  // Own properties all of them, whatever a parameter is called.
  return Object.fromEntries(entries);
}

function takesSeveral(schema: unknown): boolean {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional) return takesSeveral(schema.unwrap());
  return schema instanceof z.ZodArray;
}
