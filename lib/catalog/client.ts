import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalValue, text } from "./fields.ts";

/** `client.output.delta`: a client was shown a piece of output. */
export const clientOutputDelta = defineEvent("client.output.delta", {
  description: "A client was shown a piece of output.",
  history: false,
  data: z.looseObject({ content: text, snapshot: optionalValue }),
});

/** `client.input.requested`: a person is asked for input. */
export const clientInputRequested = defineEvent("client.input.requested", {
  description: "A person is asked for input.",
  data: z.looseObject({ prompt: text }),
});
