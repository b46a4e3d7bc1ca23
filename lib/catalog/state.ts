import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalText, optionalTexts, optionalValue, text, value } from "./fields.ts";

/** `state.changed`: a shared value changed. */
export const stateChanged = defineEvent("state.changed", {
  description: "A shared value changed.",
  data: z.looseObject({
    key: text,
    oldValue: optionalValue,
    newValue: optionalValue,
    scope: optionalText,
  }),
});

/** `state.conflict`: several agents set a shared value at once. */
export const stateConflict = defineEvent("state.conflict", {
  description: "Several agents set a shared value at once.",
  data: z.looseObject({ key: text, values: z.array(value), agents: optionalTexts }),
});
