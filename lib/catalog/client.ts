import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalValue, text } from "./fields.ts";

/** `client.output.delta`: a client received a piece of output. */
export const clientOutputDelta = defineEvent("client.output.delta", {
  description: "A client received a piece of output.",
  history: false,
  data: z.looseObject({ content: text, snapshot: optionalValue }),
});

/** `client.input.requested`: a person was asked for input. */
export const clientInputRequested = defineEvent("client.input.requested", {
  description: "A person was asked for input.",
  data: z.looseObject({ prompt: text }),
});
