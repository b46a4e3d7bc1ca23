import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalText, text } from "./fields.ts";

/** `guardrail.triggered`: a guardrail found something that it does not allow. */
export const guardrailTriggered = defineEvent("guardrail.triggered", {
  description: "A guardrail found something that it does not allow.",
  data: z.looseObject({ guardrail: text, action: optionalText, reason: optionalText }),
});
