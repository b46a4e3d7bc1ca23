import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalText, optionalTexts, text } from "./fields.ts";

const feature = z.looseObject({
  featureId: text,
  title: optionalText,
  reason: optionalText,
  taskIds: optionalTexts,
});

/** `feature.created`: a feature was planned. */
export const featureCreated = defineEvent("feature.created", { description: "A feature was planned.", data: feature });

/** `feature.started`: work on a feature started. */
export const featureStarted = defineEvent("feature.started", {
  description: "Work on a feature started.",
  data: feature,
});

/** `feature.completed`: a feature was completed. */
export const featureCompleted = defineEvent("feature.completed", {
  description: "A feature was completed.",
  data: feature,
});

/** `feature.blocked`: a feature is blocked. */
export const featureBlocked = defineEvent("feature.blocked", { description: "A feature is blocked.", data: feature });
