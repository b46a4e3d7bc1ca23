import * as z from "zod";
import { defineEvent } from "../event/definition.ts";

/** `tool.call.started`: a tool was called. */
export const toolCallStarted = defineEvent("tool.call.started", {
  description: "A tool was called.",
  data: z.looseObject({ toolUseId: z.string().optional(), toolName: z.string(), toolInput: z.unknown().optional() }),
});

/** `tool.call.completed`: a tool call ended, well or with an error. */
export const toolCallCompleted = defineEvent("tool.call.completed", {
  description: "A tool call ended, well or with an error.",
  data: z.looseObject({
    toolUseId: z.string().optional(),
    toolName: z.string(),
    result: z.unknown().optional(),
    isError: z.boolean().optional(),
  }),
});
