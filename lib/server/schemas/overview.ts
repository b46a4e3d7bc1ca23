import * as z from "zod";
import type { DeadLetterGroups } from "../../dead-letters/groups.ts";
import type { AgentList } from "../../history/agents.ts";
import type { FlowPage } from "../../history/recent-flows.ts";
import { deadLetterSchema, endedDeliverySchema, pendingDeliverySchema } from "./flow.ts";

const time = z.string().meta({ description: "RFC 3339." });

/** One page of flows. */
export const flowPageSchema = z
  .object({
    flows: z.array(
      z
        .object({
          id: z.string(),
          status: z.enum(["running", "completed", "failed"]),
          type: z.string().meta({ description: "Of its first event." }),
          source: z.string().meta({ description: "Of its first event." }),
          startedAt: time,
          lastType: z.string(),
          lastAt: time,
          durationMs: z.number(),
          deadLetters: z.int().meta({ description: "Counts no further than 10." }),
        })
        .meta({ id: "FlowSummary" }),
    ),
    looked: z.int().meta({ description: "Events that were looked at." }),
    cursor: z.string().exactOptional().meta({ description: "Goes on further back; absent at the end of history." }),
  })
  .meta({ id: "FlowPage" }) satisfies z.ZodType<FlowPage>;

const shortEvent = { id: z.string(), type: z.string(), time };

/** Who published the newest events. */
export const agentListSchema = z
  .object({
    agents: z.array(
      z
        .object({
          agentId: z.string().exactOptional(),
          source: z.string(),
          events: z.int().meta({ description: "Among those that were looked at." }),
          failures: z.int().meta({ description: "Of these, events that tell of a failure: *.failed, *.error." }),
          last: z.object({ ...shortEvent, correlationId: z.string() }),
          lastFailure: z.object(shortEvent).exactOptional(),
          tokens: z.number().exactOptional().meta({ description: "What its events say of tokens, summed up." }),
          cost: z.number().exactOptional().meta({ description: "What its events say of cost, summed up." }),
        })
        .meta({ id: "AgentActivity" }),
    ),
    looked: z.int().meta({ description: "Events that were looked at: the newest, at most 2,000." }),
    since: time.exactOptional(),
    more: z.boolean().meta({ description: "Whether history goes on before that." }),
  })
  .meta({ id: "AgentList" }) satisfies z.ZodType<AgentList>;

/** Dead letters by subscription and reason. */
export const deadLetterGroupsSchema = z
  .object({
    groups: z.array(
      z
        .object({
          subscription: z.string().exactOptional(),
          code: z.string(),
          message: z.string().meta({ description: "Numbers and ids in it are left out: `…`." }),
          count: z.int(),
          types: z.array(z.string()),
          oldestAt: time,
          newestAt: time,
          ids: z.array(z.string()),
        })
        .meta({ id: "DeadLetterGroup" }),
    ),
    looked: z.int().meta({ description: "Dead letters that were looked at: the newest, at most 1,000." }),
    more: z.boolean(),
  })
  .meta({ id: "DeadLetterGroups" }) satisfies z.ZodType<Omit<DeadLetterGroups, "groups">>;

/** What became of one event. */
export const eventDeliveriesSchema = z
  .object({
    pending: z.array(pendingDeliverySchema).exactOptional(),
    ended: z.array(endedDeliverySchema).exactOptional(),
    deadLetters: z.array(deadLetterSchema),
  })
  .meta({ id: "EventDeliveries" });

const definition = {
  type: z.string(),
  version: z.int(),
  description: z.string(),
  history: z.boolean().meta({ description: "Whether history keeps its events." }),
};

/** The types of a catalog. */
export const catalogSchema = z
  .object({
    open: z.boolean().meta({ description: "Whether types without a definition are accepted." }),
    types: z.array(z.object(definition).meta({ id: "CatalogType" })),
  })
  .meta({ id: "Catalog" });

/** One type of a catalog. */
export const catalogTypeSchema = z.object({
  ...definition,
  schema: z.record(z.string(), z.unknown()).meta({ description: "JSON Schema 2020-12 of the data." }),
  example: z
    .record(z.string(), z.unknown())
    .exactOptional()
    .meta({ description: "Data that the definition accepts; absent where none can be made from the schema." }),
});
