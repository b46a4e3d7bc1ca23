import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalValue, text } from "./fields.ts";

const improvement = z.looseObject({
  target: text,
  before: optionalValue,
  after: optionalValue,
  gain: optionalNumber,
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
