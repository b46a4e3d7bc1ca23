import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalText, text } from "./fields.ts";

/** `input.received`: a person gave the input that was asked for. */
export const inputReceived = defineEvent("input.received", {
  description: "A person gave the input that was asked for.",
  data: z.looseObject({ inputId: optionalText, content: text }),
});
