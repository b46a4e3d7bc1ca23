import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalRecord, optionalText } from "./fields.ts";

/** `goal.progress`: a goal made progress: 0 is the start, 1 the end. */
export const goalProgress = defineEvent("goal.progress", {
  description: "A goal made progress: 0 is the start, 1 the end.",
  data: z.looseObject({
    progress: z.number().min(0).max(1),
    criteriaStatus: optionalRecord,
  }),
});

/** `goal.achieved`: a goal was achieved. */
export const goalAchieved = defineEvent("goal.achieved", {
  description: "A goal was achieved.",
  data: z.looseObject({ goalId: optionalText, summary: optionalText }),
});
