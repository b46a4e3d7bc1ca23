import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { text } from "./fields.ts";

/** `constraint.violated`: a constraint was violated. */
export const constraintViolated = defineEvent("constraint.violated", {
  description: "A constraint was violated.",
  data: z.looseObject({ constraintId: text, description: text }),
});
