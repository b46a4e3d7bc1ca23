import * as z from "zod";
import { isBusErrorCode } from "../error/bus-error.ts";
import { lazy } from "../event/lazy.ts";
import { checkQuery, queryFields } from "../runtime/check-query.ts";

const schema = lazy(() => {
  const { time, text, page } = queryFields();
  return z.strictObject({
    subscription: text.optional(),
    type: text.optional(),
    correlationId: text.optional(),
    eventId: text.optional(),
    code: z
      .string()
      .refine(isBusErrorCode, 'must be a code of BusError such as "handler_error" (docs/reference/errors.md)')
      .optional(),
    since: time.optional(),
    until: time.optional(),
    ...page,
  });
});

/** Refuses a query for dead letters that is not one. `invalid_config`: see {@link checkQuery}. */
export function checkDeadLetterQuery(query: object): void {
  checkQuery("deadLetters.list", schema(), query);
}
