import * as z from "zod";
import { defineEvent } from "../event/definition.ts";

/** `constraint.violated`: a rule that was set was broken. */
export const constraintViolated = defineEvent("constraint.violated", {
  description: "A rule that was set was broken.",
  data: z.looseObject({ constraintId: z.string(), description: z.string() }),
});
