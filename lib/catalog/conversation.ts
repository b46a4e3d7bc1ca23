import * as z from "zod";
import { defineEvent } from "../event/definition.ts";

/** `conversation.message.posted`: a message was said in a conversation. */
export const conversationMessagePosted = defineEvent("conversation.message.posted", {
  description: "A message was said in a conversation.",
  data: z.looseObject({
    content: z.string(),
    role: z.string().optional(),
    conversationId: z.string().optional(),
    toAgentId: z.string().optional(),
  }),
});

/** `conversation.turn.completed`: a turn of a conversation ended. */
export const conversationTurnCompleted = defineEvent("conversation.turn.completed", {
  description: "A turn of a conversation ended.",
  data: z.looseObject({ conversationId: z.string(), turn: z.number().optional() }),
});
