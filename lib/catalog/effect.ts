import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalText, optionalValue, text } from "./fields.ts";

const effect = z.looseObject({ effectKey: text, effectId: optionalText, attempt: optionalNumber });

/** `effect.started`: a side effect that must happen once was started. */
export const effectStarted = defineEvent("effect.started", {
  description: "A side effect that must happen once was started.",
  data: effect,
});

/** `effect.completed`: a side effect that must happen once was completed. */
export const effectCompleted = defineEvent("effect.completed", {
  description: "A side effect that must happen once was completed.",
  data: z.looseObject({ ...effect.shape, result: optionalValue }),
});

/** `effect.failed`: a side effect failed, and has certainly not happened. */
export const effectFailed = defineEvent("effect.failed", {
  description: "A side effect failed, and has certainly not happened.",
  data: z.looseObject({ ...effect.shape, error: optionalValue }),
});

/** `effect.unknown`: a side effect was started, and whether it happened is unknown. */
export const effectUnknown = defineEvent("effect.unknown", {
  description: "A side effect was started, and whether it happened is unknown.",
  data: effect,
});
