import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalText, optionalValue, text } from "./fields.ts";

/** `user.feedback.received`: a user gave feedback. */
export const userFeedbackReceived = defineEvent("user.feedback.received", {
  description: "A user gave feedback.",
  data: z.looseObject({
    rating: optionalNumber,
    comment: optionalText,
    subject: optionalText,
  }),
});

/** `user.command.executed`: a user's command was executed. */
export const userCommandExecuted = defineEvent("user.command.executed", {
  description: "A user's command was executed.",
  data: z.looseObject({ command: text, arguments: optionalValue, result: optionalValue }),
});
