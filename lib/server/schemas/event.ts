import * as z from "zod";
import type { Draft, Event, EventMetadata } from "../../event/event.ts";

const text = z.string().exactOptional();

const ids = {
  agentId: text,
  userId: text,
  streamId: text,
  nodeId: text,
  executionId: text,
  circleId: text,
  projectId: text,
};

const optionalMetadata = {
  ...ids,
  causationId: text,
  hops: z.number().exactOptional(),
  expiresAt: text,
  deliverAt: text,
  tags: z.array(z.string()).exactOptional(),
  traceparent: text,
  tracestate: text,
};

/** A draft in its shape. What its fields must be, the bus says, and refuses what it does not know. */
export const draftSchema = z
  .looseObject({
    type: z.string(),
    data: z.looseObject({}),
    source: text,
    time: text,
    id: text,
    metadata: z
      .looseObject({
        ...optionalMetadata,
        version: z.number().exactOptional(),
        correlationId: text,
        priority: z.number().exactOptional(),
      })
      .exactOptional(),
  })
  .meta({ id: "Draft" }) satisfies z.ZodType<Draft>;

/**
 * Whether a value has the shape of a draft. The value itself goes on to the bus, not a copy, which would lack a key `__proto__`
 * that the bus has to refuse.
 */
export function isDraft(value: unknown): value is Draft {
  return draftSchema.safeParse(value).success;
}

/** An event as it is stored. */
export const eventSchema = z
  .object({
    id: z.string(),
    type: z.string(),
    source: z.string(),
    time: z.string(),
    data: z.unknown(),
    metadata: z.object({
      ...optionalMetadata,
      version: z.number(),
      correlationId: z.string(),
      priority: z.number(),
      replay: z.object({ id: z.string() }).exactOptional(),
      erased: z.object({ at: z.string() }).exactOptional(),
    }) satisfies z.ZodType<EventMetadata>,
  })
  .meta({ id: "Event" }) satisfies z.ZodType<Event>;

/** One page of events. */
export const pageSchema = z
  .object({
    events: z.array(eventSchema),
    cursor: z.string().optional().meta({ description: "Gets the next page; absent on the last." }),
  })
  .meta({ id: "Page" });

/** An error of one item among several. */
export const itemErrorSchema = z
  .object({ code: z.string(), message: z.string(), retryable: z.boolean(), details: z.record(z.string(), z.unknown()) })
  .meta({ id: "ItemError" });

/** What became of each of the drafts, in their order. */
export const publishResultsSchema = z
  .object({
    results: z.array(
      z.discriminatedUnion("ok", [
        z.object({ ok: z.literal(true), event: eventSchema }),
        z.object({ ok: z.literal(false), error: itemErrorSchema }),
      ]),
    ),
  })
  .meta({ id: "PublishResults" });
