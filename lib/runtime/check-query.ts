import * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { describeIssues } from "../event/issues.ts";
import { lazy } from "../event/lazy.ts";
import { didYouMean } from "../event/nearest.ts";
import { isPlainObject } from "./plain-object.ts";

/** Schemas of the fields that queries share. They are created on first use, since many processes never query. */
export const queryFields = lazy(() => {
  const text = z.string().min(1);
  return {
    time: z.union([z.string(), z.date()]),
    text,
    oneOrMore: z.union([text, z.array(text).min(1)]),
    /** The fields of a query for one page. */
    page: { limit: z.int().min(1).max(1_000).optional(), cursor: text.optional() },
  };
});

/**
 * Throws `invalid_config`, with the call, the filter and the fix, for a wrong value or an unknown filter: a misspelt filter
 * would match everything, and so would a Set or a promise, which have no filters.
 */
export function checkQuery(call: string, schema: z.ZodObject, query: unknown): void {
  if (!isPlainObject(query)) {
    throw new BusError(
      "invalid_config",
      `${call}: the query ${mustBe(`an object of ${Object.keys(schema.shape).join(", ")}`, query)}`,
    );
  }
  const parsed = schema.safeParse(query);
  if (parsed.success) return;
  const issue = parsed.error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const known = Object.keys(schema.shape);
    const fix = didYouMean(key, known, `the filters are ${known.join(", ")}`);
    throw new BusError("invalid_config", `${call}: unknown filter ${key}${fix}`);
  }
  const [first] = describeIssues(parsed.error, query, "");
  throw new BusError("invalid_config", `${call}: ${first?.path || "the query"} ${first?.problem}`);
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
