import * as z from "zod";
import { eventIdNames } from "../event/event.ts";
import { lazy } from "../event/lazy.ts";
import { checkQuery, queryFields } from "../runtime/check-query.ts";

const querySchemas = lazy(() => {
  const { time, text, oneOrMore, page } = queryFields();
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
  return {
    history: z.strictObject(historyFields),
    "history.query": z.strictObject({ ...historyFields, ...page, order: z.enum(["newest", "oldest"]).optional() }),
    "history.stats": z.strictObject({
      since: time.optional(),
      until: time.optional(),
      window: z.union([text, z.number()]).optional(),
      type: text.optional(),
    }),
  };
});

/** Refuses a history query that is not one. `invalid_config`: see {@link checkQuery}. */
export function checkHistoryQuery(call: keyof ReturnType<typeof querySchemas>, query: object): void {
  checkQuery(call, querySchemas()[call], query);
}
