import type { HistoryQuery } from "../../../engine/queries.ts";
import { eventIdNames } from "../../../event/event.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import { indexed, term } from "../publishing/event-columns.ts";

const dayMs = 86_400_000;

/** SQL of what a query asks for, as far as columns tell; the first value is `$first`. */
export function conditions(
  query: HistoryQuery,
  first: number,
): { readonly where: readonly string[]; readonly values: unknown[] } {
  const where: string[] = [];
  const values: unknown[] = [];
  const add = (condition: (value: string) => string, value: unknown) => {
    values.push(value);
    where.push(condition(`$${first + values.length - 1}`));
  };
  const { agentId, causationId, correlationId, source, tag, type } = query;
  if (type !== undefined) typeCondition(typeof type === "string" ? [type] : type, add);
  if (query.ids !== undefined) add((value) => `id = ANY (${value}::text[])`, [...new Set(query.ids)]);
  if (source !== undefined) add((value) => `source = ${value}`, indexed(source));
  if (correlationId !== undefined) {
    add((value) => `(flow = ${value} OR (id = ${value} AND flow IS NULL))`, indexed(correlationId));
  }
  if (agentId !== undefined) add((value) => `agent = ${value}`, indexed(agentId));
  const terms = [
    ...(causationId === undefined ? [] : [term("causationId", causationId)]),
    ...(tag === undefined ? [] : typeof tag === "string" ? [tag] : tag).map((one) => term("tag", one)),
    ...eventIdNames.flatMap((name) => {
      const value = query[name];
      return name === "agentId" || value === undefined ? [] : [term(name, value)];
    }),
  ];
  if (terms.length > 0) add((value) => `terms @> ${value}::text[]`, terms);
  const since = queryTime(query.since, "since");
  const until = queryTime(query.until, "until");
  const happenedSince = queryTime(query.happenedSince, "happenedSince", "down");
  const happenedUntil = queryTime(query.happenedUntil, "happenedUntil");
  // The day as well: it says which partitions are read.
  if (since !== undefined) {
    add((value) => `accepted >= ${value}`, since);
    add((value) => `day >= ${value}`, Math.floor(since / dayMs));
  }
  if (until !== undefined) {
    add((value) => `accepted < ${value}`, until);
    add((value) => `day <= ${value}`, Math.floor(until / dayMs));
  }
  if (happenedSince !== undefined) add((value) => `happened >= ${value}`, happenedSince);
  if (happenedUntil !== undefined) add((value) => `happened < ${value}`, happenedUntil);
  return { where, values };
}

function typeCondition(
  types: readonly string[],
  add: (condition: (value: string) => string, value: unknown) => void,
): void {
  if (types.includes("*")) return;
  if (types.every((type) => !type.includes("*"))) add((value) => `type = ANY (${value}::text[])`, [...types]);
  else add((value) => `type LIKE ANY (${value}::text[])`, types.map(likePattern));
}

function likePattern(type: string): string {
  return type.replace(/[\\%_]/g, "\\$&").replaceAll("*", "%");
}
