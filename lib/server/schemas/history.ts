import * as z from "zod";
import { several, wholeNumber } from "../http/query.ts";

const text = z.string().min(1).exactOptional();
const time = z.string().min(1).exactOptional().meta({ description: "RFC 3339." });

const scalars = {
  source: text,
  correlationId: text,
  causationId: text,
  agentId: text,
  userId: text,
  streamId: text,
  nodeId: text,
  executionId: text,
  circleId: text,
  projectId: text,
  since: time,
  until: time,
  happenedSince: time,
  happenedUntil: time,
};

/** The filters of a history query as parameters of a URL. */
export const historyFilters = {
  type: several.exactOptional().meta({ description: "Exact type, `*` allowed; several times: any of them." }),
  tag: several.exactOptional().meta({ description: "Several times: all of them." }),
  ids: several.exactOptional(),
  ...scalars,
};

/** How a list is paged, as parameters of a URL. */
export const paging = { limit: wholeNumber.exactOptional(), cursor: text };

/** A history query as JSON. */
export const historyQuerySchema = z
  .strictObject({
    type: z.union([z.string(), z.array(z.string()).min(1)]).exactOptional(),
    tag: z.union([z.string(), z.array(z.string()).min(1)]).exactOptional(),
    ids: z.array(z.string()).exactOptional(),
    ...scalars,
  })
  .meta({ id: "HistoryQuery" });
