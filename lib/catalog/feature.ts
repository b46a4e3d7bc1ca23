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

/** `feature.started`: work on a feature began. */
export const featureStarted = defineEvent("feature.started", {
  description: "Work on a feature began.",
  data: feature,
});

/** `feature.completed`: all of a feature is done. */
export const featureCompleted = defineEvent("feature.completed", {
  description: "All of a feature is done.",
  data: feature,
});

/** `feature.blocked`: a feature cannot go on. */
export const featureBlocked = defineEvent("feature.blocked", { description: "A feature cannot go on.", data: feature });
