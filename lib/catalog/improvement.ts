import * as z from "zod";
import { defineEvent } from "../event/definition.ts";

const improvement = z.looseObject({
  target: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  gain: z.number().optional(),
});

/** `improvement.applied`: an improvement took effect. */
export const improvementApplied = defineEvent("improvement.applied", {
  description: "An improvement took effect.",
  data: improvement,
});

/** `optimization.completed`: an optimization ended. */
export const optimizationCompleted = defineEvent("optimization.completed", {
  description: "An optimization ended.",
  data: improvement,
});
