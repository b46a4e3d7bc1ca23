import * as z from "zod";
import { defineEvent } from "../../lib/index.ts";

const data = z.looseObject({ key: z.string() });

export const made = defineEvent("crash.event.made", { version: 1, description: "An event to be carried.", data });
export const followed = defineEvent("crash.event.followed", {
  version: 1,
  description: "What a handler made of another.",
  data,
});
/** Kept until it is delivered, and no longer. */
export const delta = defineEvent("crash.event.delta", {
  version: 1,
  description: "A part of a stream.",
  history: false,
  data,
});
