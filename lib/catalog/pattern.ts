import * as z from "zod";
import { defineEvent } from "../event/definition.ts";

/** `pattern.discovered`: a pattern was found in what happened. */
export const patternDiscovered = defineEvent("pattern.discovered", {
  description: "A pattern was found in what happened.",
  data: z.looseObject({ patternId: z.string().optional(), description: z.string(), confidence: z.number().optional() }),
});
