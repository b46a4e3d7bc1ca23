import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalText, optionalValue, text } from "./fields.ts";

/** `user.feedback.received`: a user said what they think. */
export const userFeedbackReceived = defineEvent("user.feedback.received", {
  description: "A user said what they think.",
  data: z.looseObject({
    rating: optionalNumber,
    comment: optionalText,
    subject: optionalText,
  }),
});

/** `user.command.executed`: a user's command was run. */
export const userCommandExecuted = defineEvent("user.command.executed", {
  description: "A user's command was run.",
  data: z.looseObject({ command: text, arguments: optionalValue, result: optionalValue }),
});
