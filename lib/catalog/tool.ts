import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalText, optionalValue, text } from "./fields.ts";

/** `tool.call.started`: a tool call started. */
export const toolCallStarted = defineEvent("tool.call.started", {
  description: "A tool call started.",
  data: z.looseObject({ toolUseId: optionalText, toolName: text, toolInput: optionalValue }),
});

/** `tool.call.completed`: a tool call completed, successfully or with an error. */
export const toolCallCompleted = defineEvent("tool.call.completed", {
  description: "A tool call completed, successfully or with an error.",
  data: z.looseObject({
    toolUseId: optionalText,
    toolName: text,
    result: optionalValue,
    isError: z.boolean().optional(),
  }),
});
