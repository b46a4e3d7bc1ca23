import * as z from "zod";
import { defineEvent } from "../event/definition.ts";

/** `user.feedback.received`: a user said what they think. */
export const userFeedbackReceived = defineEvent("user.feedback.received", {
  description: "A user said what they think.",
  data: z.looseObject({
    rating: z.number().optional(),
    comment: z.string().optional(),
    subject: z.string().optional(),
  }),
});

/** `user.command.executed`: a user's command was run. */
export const userCommandExecuted = defineEvent("user.command.executed", {
  description: "A user's command was run.",
  data: z.looseObject({ command: z.string(), arguments: z.unknown().optional(), result: z.unknown().optional() }),
});
