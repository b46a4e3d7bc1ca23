import * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { describeIssues } from "../event/issues.ts";
import { lazy } from "../event/lazy.ts";
import { didYouMean } from "../event/nearest.ts";

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
 * would match everything.
 */
export function checkQuery(call: string, schema: z.ZodObject, query: unknown): void {
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
