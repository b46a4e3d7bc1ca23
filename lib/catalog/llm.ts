import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalValue, text } from "./fields.ts";

/** `llm.text.delta`: a model produced a piece of text. */
export const llmTextDelta = defineEvent("llm.text.delta", {
  description: "A model produced a piece of text.",
  history: false,
  data: z.looseObject({ content: text, snapshot: optionalValue }),
});

/** `llm.reasoning.delta`: a model produced a piece of its reasoning. */
export const llmReasoningDelta = defineEvent("llm.reasoning.delta", {
  description: "A model produced a piece of its reasoning.",
  history: false,
  data: z.looseObject({ content: text }),
});
