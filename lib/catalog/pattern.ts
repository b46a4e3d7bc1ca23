import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalText, text } from "./fields.ts";

/** `pattern.discovered`: a pattern was found in past events. */
export const patternDiscovered = defineEvent("pattern.discovered", {
  description: "A pattern was found in past events.",
  data: z.looseObject({ patternId: optionalText, description: text, confidence: optionalNumber }),
});
