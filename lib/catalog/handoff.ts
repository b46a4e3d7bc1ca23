import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalText, text } from "./fields.ts";

const handoff = z.looseObject({ fromAgentId: text, toAgentId: text, taskId: optionalText, reason: optionalText });

/** `handoff.requested`: an agent asked another one to take over. */
export const handoffRequested = defineEvent("handoff.requested", {
  description: "An agent asked another one to take over.",
  data: handoff,
});

/** `handoff.accepted`: an agent took over from another one. */
export const handoffAccepted = defineEvent("handoff.accepted", {
  description: "An agent took over from another one.",
  data: handoff,
});
