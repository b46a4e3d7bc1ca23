import * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { describeIssues } from "../event/issues.ts";
import { lazy } from "../event/lazy.ts";
import { didYouMean } from "../event/nearest.ts";

/** Fields that queries have in common; made when first asked for, since many a process never queries. */
export const queryFields = lazy(() => {
  const text = z.string().min(1);
  return {
    time: z.union([z.string(), z.date()]),
    text,
    oneOrMore: z.union([text, z.array(text).min(1)]),
    /** Of a call that gives a page. */
    page: { limit: z.int().min(1).max(1_000).optional(), cursor: text.optional() },
  };
});

/**
 * Refuses a query with an unknown filter, since a misspelt one would match everything, or with a wrong value.
 * `invalid_config` names the call, the filter and the fix.
 */
export function checkQuery(call: string, schema: z.ZodObject, query: unknown): void {
  const parsed = schema.safeParse(query);
  if (parsed.success) return;
  const issue = parsed.error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const known = Object.keys(schema.shape);
    const fix = didYouMean(key, known, `known are ${known.join(", ")}`);
    throw new BusError("invalid_config", `${call}: there is no filter ${key}${fix}`);
  }
  const [first] = describeIssues(parsed.error, query, "");
  const fix = issue?.code === "custom" ? issue.message : first?.fix;
  throw new BusError("invalid_config", `${call}: ${first?.path} is ${first?.value}; ${fix}`);
}
