import * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { eventIdNames } from "../event/event.ts";
import { describeIssues } from "../event/issues.ts";
import { lazy } from "../event/lazy.ts";
import { didYouMean } from "../event/nearest.ts";

const querySchemas = lazy(() => {
  const time = z.union([z.string(), z.date()]);
  const text = z.string().min(1);
  const oneOrMore = z.union([text, z.array(text).min(1)]);

  const historyFields = {
    type: oneOrMore.optional(),
    source: text.optional(),
    correlationId: text.optional(),
    causationId: text.optional(),
    ...Object.fromEntries(eventIdNames.map((name) => [name, text.optional()])),
    tag: oneOrMore.optional(),
    ids: z.array(text).optional(),
    since: time.optional(),
    until: time.optional(),
    happenedSince: time.optional(),
    happenedUntil: time.optional(),
  };
  const pageFields = { limit: z.int().min(1).max(1_000).optional(), cursor: text.optional() };

  return {
    history: z.strictObject(historyFields),
    "history.query": z.strictObject({ ...historyFields, ...pageFields }),
    "deadLetters.list": z.strictObject({
      subscription: text.optional(),
      type: text.optional(),
      correlationId: text.optional(),
      eventId: text.optional(),
      code: text.optional(),
      since: time.optional(),
      until: time.optional(),
      ...pageFields,
    }),
    "history.stats": z.strictObject({
      since: time.optional(),
      until: time.optional(),
      window: z.union([text, z.number()]).optional(),
      type: text.optional(),
    }),
  };
});

/** Refuses a query that asks for what there is not: a misspelt filter would match everything. `invalid_config`. */
export function checkQuery(what: keyof ReturnType<typeof querySchemas>, query: object): void {
  const schema: z.ZodObject = querySchemas()[what];
  const parsed = schema.safeParse(query);
  if (parsed.success) return;
  const issue = parsed.error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const known = Object.keys(schema.shape);
    const fix = didYouMean(key, known, `known are ${known.join(", ")}`);
    throw new BusError("invalid_config", `${what}: there is no filter ${key}${fix}`);
  }
  const [first] = describeIssues(parsed.error, query, "");
  throw new BusError("invalid_config", `${what}: ${first?.path} is ${first?.value}; ${first?.fix}`);
}
