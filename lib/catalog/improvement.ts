import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalValue, text } from "./fields.ts";

const improvement = z.looseObject({
  target: text,
  before: optionalValue,
  after: optionalValue,
  gain: optionalNumber,
});

/** `improvement.applied`: an improvement was applied. */
export const improvementApplied = defineEvent("improvement.applied", {
  description: "An improvement was applied.",
  data: improvement,
});

/** `optimization.completed`: an optimization completed. */
export const optimizationCompleted = defineEvent("optimization.completed", {
  description: "An optimization completed.",
  data: improvement,
});
