import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalText, optionalValue, text } from "./fields.ts";

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

const call = z.looseObject({
  model: text,
  provider: optionalText,
  inputTokens: optionalNumber,
  outputTokens: optionalNumber,
  cachedTokens: optionalNumber,
  cost: optionalNumber,
  currency: optionalText,
  finishReason: optionalText,
  durationMs: optionalNumber,
  error: optionalValue,
});

/** `llm.call.started`: a call of a model started. */
export const llmCallStarted = defineEvent("llm.call.started", {
  description: "A call of a model started.",
  data: call,
});

/** `llm.call.completed`: a model answered; what the call used is in the data. */
export const llmCallCompleted = defineEvent("llm.call.completed", {
  description: "A model answered; what the call used is in the data.",
  data: call,
});

/** `llm.call.failed`: a call of a model failed. */
export const llmCallFailed = defineEvent("llm.call.failed", { description: "A call of a model failed.", data: call });
