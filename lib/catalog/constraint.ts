import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { text } from "./fields.ts";

/** `constraint.violated`: a rule that was set was broken. */
export const constraintViolated = defineEvent("constraint.violated", {
  description: "A rule that was set was broken.",
  data: z.looseObject({ constraintId: text, description: text }),
});
