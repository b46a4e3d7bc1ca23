import * as z from "zod";
import { groupDeadLetters } from "../../dead-letters/groups.ts";
import { noDeadLetter } from "../../engine/errors.ts";
import type { DeadLetterQuery } from "../../engine/queries.ts";
import { BusError, isBusErrorCode } from "../../error/bus-error.ts";
import { route } from "../http/route.ts";
import { deadLetterSchema } from "../schemas/flow.ts";
import { paging } from "../schemas/history.ts";
import { deadLetterGroupsSchema } from "../schemas/overview.ts";

const text = z.string().min(1).exactOptional();
const filters = {
  subscription: text,
  type: text,
  correlationId: text,
  eventId: text,
  code: z.string().refine(isBusErrorCode, "must be a code of BusError").exactOptional(),
  since: text,
  until: text,
};

const which = z
  .strictObject({
    ids: z.array(z.string().min(1)).min(1).exactOptional(),
    where: z.strictObject(filters).exactOptional(),
  })
  .meta({ id: "WhichDeadLetters", description: "`ids`, or `where`: all that match; `{}` there means all." });

const report = z
  .object({ done: z.array(z.string()), failed: z.array(z.object({ id: z.string(), message: z.string() })) })
  .meta({ id: "DeadLetterReport" });

export const listDeadLetters = route({
  method: "GET",
  path: "/v1/dead-letters",
  summary: "List dead letters, newest first",
  permission: "operate",
  query: z.strictObject({ ...filters, ...paging }),
  result: z.object({ deadLetters: z.array(deadLetterSchema), cursor: z.string().optional() }),
  handle: async ({ server, query }) => server.served.bus.deadLetters.list(query),
});

export const listDeadLetterGroups = route({
  method: "GET",
  path: "/v1/dead-letters/groups",
  summary: "Group dead letters by subscription and reason",
  description: "Of those that match, the newest 1,000.",
  permission: "operate",
  query: z.strictObject(filters),
  result: deadLetterGroupsSchema,
  handle: async ({ server, query }) => groupDeadLetters(server.served.bus.deadLetters, query),
});

export const getDeadLetter = route({
  method: "GET",
  path: "/v1/dead-letters/{id}",
  summary: "Get one dead letter",
  permission: "operate",
  params: z.object({ id: z.string() }),
  result: deadLetterSchema,
  handle: async ({ server, params: { id } }) => {
    const deadLetter = await server.served.bus.deadLetters.get(id);
    if (deadLetter === undefined) throw noDeadLetter(id);
    return deadLetter;
  },
});

export const redriveDeadLetters = route({
  method: "POST",
  path: "/v1/dead-letters/redrive",
  summary: "Deliver dead letters again",
  description: "To the subscription that each failed in, with new attempts.",
  permission: "operate",
  body: which,
  result: report,
  handle: async ({ server, body }) => server.served.bus.deadLetters.redrive(selected(body)),
});

export const discardDeadLetters = route({
  method: "POST",
  path: "/v1/dead-letters/discard",
  summary: "Delete dead letters for good",
  permission: "operate",
  body: which,
  result: report,
  handle: async ({ server, body }) => server.served.bus.deadLetters.discard(selected(body)),
});

/** The ids or the query; both or neither would mean more, or less, than was meant. */
function selected({ ids, where }: z.infer<typeof which>): string[] | DeadLetterQuery {
  if (ids !== undefined && where === undefined) return ids;
  if (where !== undefined && ids === undefined) return where;
  throw new BusError("invalid_config", "give `ids` or `where`, one of them; all dead letters are `where: {}`");
}
