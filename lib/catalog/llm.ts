import * as z from "zod";
import { defineEvent } from "../event/definition.ts";

/** `llm.text.delta`: a model wrote a piece of text. */
export const llmTextDelta = defineEvent("llm.text.delta", {
  description: "A model wrote a piece of text.",
  history: false,
  data: z.looseObject({ content: z.string(), snapshot: z.unknown().optional() }),
});

/** `llm.reasoning.delta`: a model wrote a piece of its reasoning. */
export const llmReasoningDelta = defineEvent("llm.reasoning.delta", {
  description: "A model wrote a piece of its reasoning.",
  history: false,
  data: z.looseObject({ content: z.string() }),
});
