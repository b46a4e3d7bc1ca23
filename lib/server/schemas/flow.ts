import * as z from "zod";
import type { EndedDelivery } from "../../engine/delivery.ts";
import { eventSchema } from "./event.ts";

/** A failed attempt, or why something is dead. */
export const failureSchema = z
  .object({
    code: z.string(),
    message: z.string(),
    stack: z.string().exactOptional(),
    at: z.string(),
    attempt: z.int(),
  })
  .meta({ id: "Failure" });

/** A dead letter. */
export const deadLetterSchema = z
  .object({
    id: z.string(),
    subscription: z.string().exactOptional(),
    replayId: z.string().exactOptional(),
    event: eventSchema,
    reason: failureSchema,
    attempts: z.int(),
    failures: z.array(failureSchema),
    acceptedAt: z.string(),
    deadAt: z.string(),
  })
  .meta({ id: "DeadLetter" });

/** A delivery that has not ended. */
export const pendingDeliverySchema = z
  .object({
    subscription: z.string(),
    eventId: z.string(),
    type: z.string(),
    state: z.enum(["waiting", "delayed", "running"]),
    attempts: z.int(),
    dueAt: z.string().exactOptional(),
    lastError: z.string().exactOptional(),
    handled: z.literal(false).exactOptional(),
    paused: z.literal(true).exactOptional(),
  })
  .meta({ id: "PendingDelivery" });

/** A delivery that has ended. */
export const endedDeliverySchema = z
  .object({
    subscription: z.string(),
    eventId: z.string(),
    replayId: z.string().exactOptional(),
    outcome: z.enum(["done", "dropped", "dead"]),
    attempts: z.int(),
    failures: z.array(z.object({ code: z.string(), message: z.string(), count: z.int() })),
    endedAt: z.string(),
    ranMs: z
      .number()
      .exactOptional()
      .meta({ description: "Milliseconds for which the handler ran in the last attempt." }),
    totalMs: z.number(),
  })
  .meta({ id: "EndedDelivery" }) satisfies z.ZodType<Omit<EndedDelivery, "failures">>;

const flowNode = z
  .object({
    event: eventSchema,
    deliveries: z.array(endedDeliverySchema).exactOptional(),
    get children() {
      return z.array(flowNode);
    },
  })
  .meta({ id: "FlowNode" });

/** A flow as a tree. */
export const flowSchema = z
  .object({
    id: z.string(),
    status: z.enum(["running", "completed", "failed"]),
    roots: z.array(flowNode),
    size: z.int(),
    startedAt: z.string(),
    lastAt: z.string(),
    durationMs: z.number(),
    pending: z.array(pendingDeliverySchema),
    deadLetters: z.array(deadLetterSchema),
  })
  .meta({ id: "Flow" });
