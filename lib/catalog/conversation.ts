import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalText, text } from "./fields.ts";

/** `conversation.message.posted`: a message was posted in a conversation. */
export const conversationMessagePosted = defineEvent("conversation.message.posted", {
  description: "A message was posted in a conversation.",
  data: z.looseObject({
    content: text,
    role: optionalText,
    conversationId: optionalText,
    toAgentId: optionalText,
  }),
});

/** `conversation.turn.completed`: a turn of a conversation completed. */
export const conversationTurnCompleted = defineEvent("conversation.turn.completed", {
  description: "A turn of a conversation completed.",
  data: z.looseObject({ conversationId: text, turn: optionalNumber }),
});
