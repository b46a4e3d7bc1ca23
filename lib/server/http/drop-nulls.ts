import * as z from "zod";

/**
 * Takes out of a parsed body, in place, what is `null` where the schema lets it be left out: so encoders of many languages write an optional
 * field that has no value. Only fields that the schema declares: within a user's own data and in a pattern `null` is a value.
 */
export function dropNulls(schema: unknown, value: unknown): void {
  if (isOptional(schema)) dropNulls(schema.unwrap(), value);
  else if (schema instanceof z.ZodArray && Array.isArray(value)) {
    for (const one of value) dropNulls(schema.element, one);
  } else if (schema instanceof z.ZodObject && typeof value === "object" && value !== null) {
    for (const [name, field] of Object.entries(schema.shape)) {
      if (!Object.hasOwn(value, name)) continue;
      const given: unknown = Reflect.get(value, name);
      if (given === null && isOptional(field)) Reflect.deleteProperty(value, name);
      else dropNulls(field, given);
    }
  }
}

function isOptional(schema: unknown): schema is z.ZodOptional | z.ZodExactOptional {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional;
}
