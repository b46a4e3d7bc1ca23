import * as z from "zod";
import type { DeadLetterQuery, PageOptions } from "../engine/queries.ts";
import { BusError, isBusErrorCode } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { lazy } from "../event/lazy.ts";
import { checkNoneUndefined, checkQuery, queryFields } from "../runtime/check-query.ts";
import { isRecord } from "../runtime/is-record.ts";

const schemas = lazy(() => {
  const { time, text, page } = queryFields();
  const selection = z.strictObject({
    subscription: text.exactOptional(),
    type: text.exactOptional(),
    correlationId: text.exactOptional(),
    eventId: text.exactOptional(),
    code: z
      .string()
      .refine(isBusErrorCode, 'must be a code of BusError such as "handler_error" (docs/reference/errors.md)')
      .exactOptional(),
    since: time.exactOptional(),
    until: time.exactOptional(),
  });
  return { selection, list: selection.extend(page) };
});

/** The query for a page of dead letters, each field read once. `invalid_config`: see {@link checkQuery}. */
export function checkDeadLetterQuery(query: unknown): DeadLetterQuery & PageOptions {
  return checkQuery("deadLetters.list", schemas().list, query);
}

/** Which dead letters a redrive or a discard is for. */
export type Which = string | readonly string[] | DeadLetterQuery;

/**
 * The ids or the query that a redrive or a discard was given. `invalid_config` for anything else, before anything is done: a
 * Set of ids, a promise or a page's `limit` would otherwise mean all dead letters.
 */
export function checkWhich(
  call: "redrive" | "discard",
  which: Which,
): { ids: readonly string[] } | { query: DeadLetterQuery } {
  const name = `deadLetters.${call}`;
  if (typeof which === "string") return { ids: [which] };
  if (isList(which)) {
    const wrong = which.findIndex((id) => typeof id !== "string");
    if (wrong === -1) return { ids: which };
    throw refused(name, `, but id ${wrong} of the list is ${shortForm(which[wrong])}`);
  }
  if (!isRecord(which)) throw refused(name, `, not ${shortForm(which)}`);
  checkQuery(name, schemas().selection, which);
  checkNoneUndefined(name, which);
  return { query: which };
}

function isList(which: readonly string[] | DeadLetterQuery): which is readonly string[] {
  return Array.isArray(which);
}

function refused(name: string, what: string): BusError {
  const expected = 'an id, a list of ids, or a query such as { subscription: "readers" }';
  return new BusError("invalid_config", `${name}: the dead letters must be given by ${expected}${what}`);
}
