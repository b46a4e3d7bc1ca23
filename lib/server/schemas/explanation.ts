import * as z from "zod";
import { type DeliveryExplanation, deliveryReasons, deliveryStatuses } from "../../explain/explanation.ts";
import { deadLetterSchema, endedDeliverySchema, pendingDeliverySchema } from "./flow.ts";

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** What of a pattern does not match. */
const patternMismatchSchema = z
  .object({ path: z.string(), expected: z.string(), values: z.array(scalar), found: z.string() })
  .meta({ id: "PatternMismatch" });

/** A change of one field of a pattern with which it would match. */
const patternEditSchema = z
  .object({
    path: z.string(),
    text: z.string(),
    add: z
      .union([scalar, z.record(z.string(), z.unknown())])
      .exactOptional()
      .meta({ description: "The value to add to the list of the field." }),
    rename: z.string().exactOptional().meta({ description: "The path under which the event has the value." }),
  })
  .meta({ id: "PatternEdit" });

/** What became of an event in a subscription, and why. */
export const explanationSchema = z
  .object({
    eventId: z.string(),
    type: z.string(),
    correlationId: z.string(),
    subscription: z.string(),
    status: z.enum(deliveryStatuses),
    reason: z.enum(deliveryReasons),
    text: z.string(),
    fix: z.string().exactOptional(),
    mismatches: z.array(patternMismatchSchema),
    edits: z.array(patternEditSchema),
    pending: z.array(pendingDeliverySchema),
    ended: z.array(endedDeliverySchema).exactOptional(),
    deadLetters: z.array(deadLetterSchema),
  })
  .meta({ id: "DeliveryExplanation" }) satisfies z.ZodType<
  Record<keyof Omit<DeliveryExplanation, "ended" | "fix">, unknown>
>;
