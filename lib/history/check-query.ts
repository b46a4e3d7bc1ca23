import * as z from "zod";
import type { HistoryPageOptions, HistoryQuery, StatsQuery } from "../engine/queries.ts";
import { lazy } from "../event/lazy.ts";
import { checkQuery, queryFields } from "../runtime/check-query.ts";

const schemas = lazy(() => {
  const { time, text, oneOrMore, page } = queryFields();
  const history = z.strictObject({
    type: oneOrMore.exactOptional(),
    source: text.exactOptional(),
    correlationId: text.exactOptional(),
    causationId: text.exactOptional(),
    agentId: text.exactOptional(),
    userId: text.exactOptional(),
    streamId: text.exactOptional(),
    nodeId: text.exactOptional(),
    executionId: text.exactOptional(),
    circleId: text.exactOptional(),
    projectId: text.exactOptional(),
    tag: oneOrMore.exactOptional(),
    ids: z.array(text).exactOptional(),
    since: time.exactOptional(),
    until: time.exactOptional(),
    happenedSince: time.exactOptional(),
    happenedUntil: time.exactOptional(),
  }) satisfies z.ZodType<HistoryQuery>;
  const order = z.enum(["newest", "oldest"]).exactOptional();
  const query = z.strictObject({ ...history.shape, ...page, order }) satisfies z.ZodType<
    HistoryQuery & HistoryPageOptions
  >;
  const stats = z.strictObject({
    since: time.exactOptional(),
    until: time.exactOptional(),
    window: z.union([text, z.number()]).exactOptional(),
    type: text.exactOptional(),
  }) satisfies z.ZodType<StatsQuery>;
  return { history, query, stats };
});

/** The filters of a history query, each read once. `invalid_config` for what is none: see {@link checkQuery}. */
export function checkHistoryQuery(call: string, query: unknown): HistoryQuery {
  return checkQuery(call, schemas().history, query);
}

/** The same for a query of pages. */
export function checkPagedQuery(call: string, query: unknown): HistoryQuery & HistoryPageOptions {
  return checkQuery(call, schemas().query, query);
}

/** The same for a query of counts. */
export function checkStatsQuery(call: string, query: unknown): StatsQuery {
  return checkQuery(call, schemas().stats, query);
}
