import * as z from "zod";
import type { DeadLetterReport, DeadLetters } from "../../dead-letters/dead-letters.ts";
import { groupDeadLetters } from "../../dead-letters/groups.ts";
import { noDeadLetter } from "../../engine/errors.ts";
import type { DeadLetterQuery } from "../../engine/queries.ts";
import { BusError, isBusErrorCode } from "../../error/bus-error.ts";
import type { Access } from "../access/access.ts";
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
  handle: async ({ server, access, query }) => {
    access.checkRead(query.type);
    return server.served.bus.deadLetters.list(query);
  },
});

export const listDeadLetterGroups = route({
  method: "GET",
  path: "/v1/dead-letters/groups",
  summary: "Group dead letters by subscription and reason",
  description: "Of those that match, the newest 1,000.",
  permission: "operate",
  query: z.strictObject(filters),
  result: deadLetterGroupsSchema,
  handle: async ({ server, access, query }) => {
    access.checkRead(query.type);
    return groupDeadLetters(server.served.bus.deadLetters, query);
  },
});

export const getDeadLetter = route({
  method: "GET",
  path: "/v1/dead-letters/{id}",
  summary: "Get one dead letter",
  permission: "operate",
  params: z.object({ id: z.string() }),
  result: deadLetterSchema,
  handle: async ({ server, access, params: { id } }) => {
    const deadLetter = await server.served.bus.deadLetters.get(id);
    if (deadLetter === undefined || !access.sees(deadLetter.event)) throw noDeadLetter(id);
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
  handle: async ({ server: { served }, access, body }) => {
    const { deadLetters } = served.bus;
    return ofOwnTypes(deadLetters, access, selected(body), (which) => deadLetters.redrive(which));
  },
});

export const discardDeadLetters = route({
  method: "POST",
  path: "/v1/dead-letters/discard",
  summary: "Delete dead letters for good",
  permission: "operate",
  body: which,
  result: report,
  handle: async ({ server: { served }, access, body }) => {
    const { deadLetters } = served.bus;
    return ofOwnTypes(deadLetters, access, selected(body), (which) => deadLetters.discard(which));
  },
});

/** Does it with what the token may see. A dead letter of another type is not there for it, and fails as an unknown one does. */
async function ofOwnTypes(
  deadLetters: Pick<DeadLetters, "get">,
  access: Access,
  which: string[] | DeadLetterQuery,
  run: (which: string[] | DeadLetterQuery) => Promise<DeadLetterReport>,
): Promise<DeadLetterReport> {
  if (access.seesAll) return run(which);
  if (!Array.isArray(which)) {
    access.checkRead(which.type);
    return run(which);
  }
  const own: string[] = [];
  const failed: DeadLetterReport["failed"] = [];
  for (const id of which) {
    const deadLetter = await deadLetters.get(id);
    if (deadLetter === undefined || access.sees(deadLetter.event)) own.push(id);
    else failed.push({ id, message: noDeadLetter(id).message });
  }
  const report = own.length === 0 ? { done: [], failed: [] } : await run(own);
  return { done: report.done, failed: [...report.failed, ...failed] };
}

/** The ids or the query; both or neither would mean more, or less, than was meant. */
function selected({ ids, where }: z.infer<typeof which>): string[] | DeadLetterQuery {
  if (ids !== undefined && where === undefined) return ids;
  if (where !== undefined && ids === undefined) return where;
  throw new BusError("invalid_config", "give `ids` or `where`, one of them; all dead letters are `where: {}`");
}
