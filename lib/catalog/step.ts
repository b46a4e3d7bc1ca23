import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalValue, text } from "./fields.ts";

/** `step.completed`: a step of a handler was completed; later attempts reuse its result. */
export const stepCompleted = defineEvent("step.completed", {
  description: "A step of a handler was completed; later attempts reuse its result.",
  data: z.looseObject({ step: text, result: optionalValue }),
});
