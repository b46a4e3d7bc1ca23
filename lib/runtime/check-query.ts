import * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { readable } from "../error/readable.ts";
import { describeIssues } from "../event/issues.ts";
import { lazy } from "../event/lazy.ts";
import { didYouMean } from "../event/nearest.ts";
import { definedIn, isRecord } from "./is-record.ts";

/** Schemas of the fields that queries share. They are created on first use, since many processes never query. */
export const queryFields = lazy(() => {
  const text = z.string().min(1);
  return {
    time: z.union([z.string(), z.date()]),
    text,
    oneOrMore: z.union([text, z.array(text).min(1)]),
    /** The fields of a query for one page. */
    page: { limit: z.int().min(1).max(1_000).exactOptional(), cursor: text.exactOptional() },
  };
});

/**
 * The query as it was read, each field once. Throws `invalid_config`, with the call, the filter and the fix, for a wrong value
 * or an unknown filter, and for what is no object of filters: each of them would match everything.
 */
export function checkQuery<Schema extends z.ZodObject>(call: string, schema: Schema, query: unknown): z.output<Schema> {
  const known = Object.keys(schema.shape).join(", ");
  if (!isRecord(query)) {
    throw new BusError("invalid_config", `${call}: the query ${mustBe(`an object of ${known}`, query)}`);
  }
  return readable(`${call}: the query`, () => {
    const given = definedIn(query);
    const parsed = schema.safeParse(given);
    if (parsed.success) return parsed.data;
    throw problemOf(call, schema, parsed.error, given);
  });
}

function problemOf(call: string, schema: z.ZodObject, error: z.ZodError, query: unknown): BusError {
  const issue = error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const known = Object.keys(schema.shape);
    const fix = didYouMean(key, known, `the filters are ${known.join(", ")}`);
    return new BusError("invalid_config", `${call}: unknown filter ${key}${fix}`);
  }
  const [first] = describeIssues(error, query, "");
  return new BusError("invalid_config", `${call}: ${first?.path || "the query"} ${first?.problem}`);
}

/**
 * For a call that changes what the query selects: throws `invalid_config` for a filter that is undefined, since without it
 * more would be selected than was meant.
 */
export function checkNoneUndefined(call: string, query: object): void {
  const missing = Object.entries(query).find(([, value]) => value === undefined);
  if (missing === undefined) return;
  throw new BusError(
    "invalid_config",
    `${call}: ${missing[0]} is undefined, and without it more would be selected; give it a value, or omit it`,
  );
}
