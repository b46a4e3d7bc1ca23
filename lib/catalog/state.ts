import * as z from "zod";
import { defineEvent } from "../event/definition.ts";

/** `state.changed`: a shared value changed. */
export const stateChanged = defineEvent("state.changed", {
  description: "A shared value changed.",
  data: z.looseObject({
    key: z.string(),
    oldValue: z.unknown().optional(),
    newValue: z.unknown().optional(),
    scope: z.string().optional(),
  }),
});

/** `state.conflict`: several agents set a shared value at once. */
export const stateConflict = defineEvent("state.conflict", {
  description: "Several agents set a shared value at once.",
  data: z.looseObject({ key: z.string(), values: z.array(z.unknown()), agents: z.array(z.string()).optional() }),
});
