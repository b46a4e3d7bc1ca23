import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { number, optionalNumber, optionalRecord, optionalText, optionalValue, text } from "./fields.ts";

/** `system.health.checked`: the system's health was checked. */
export const systemHealthChecked = defineEvent("system.health.checked", {
  description: "The system's health was checked.",
  data: z.looseObject({ status: text, checks: optionalRecord }),
});

const notice = z.looseObject({ message: text, component: optionalText, error: optionalValue });

/** `system.shutdown`: the system is shutting down. */
export const systemShutdown = defineEvent("system.shutdown", {
  description: "The system is shutting down.",
  data: notice,
});

/** `system.error`: the system encountered an error. */
export const systemError = defineEvent("system.error", {
  description: "The system encountered an error.",
  data: notice,
});

/** `system.warning`: the system issued a warning. */
export const systemWarning = defineEvent("system.warning", {
  description: "The system issued a warning.",
  data: notice,
});

/** `system.error.recovered`: the system recovered from an error. */
export const systemErrorRecovered = defineEvent("system.error.recovered", {
  description: "The system recovered from an error.",
  data: z.looseObject({ message: text, component: optionalText }),
});

/** `system.cost.threshold.reached`: costs reached a limit. */
export const systemCostThresholdReached = defineEvent("system.cost.threshold.reached", {
  description: "Costs reached a limit.",
  data: z.looseObject({
    amount: number,
    limit: number,
    currency: optionalText,
    period: optionalText,
  }),
});

/** `system.performance.alert`: a metric left its bounds or returned to them; `subject` is a flow, a type or an agent. */
export const systemPerformanceAlert = defineEvent("system.performance.alert", {
  description: "A metric left its bounds or returned to them; `subject` is a flow, a type or an agent.",
  data: z.looseObject({
    metric: text,
    value: number,
    threshold: optionalNumber,
    subject: optionalText,
    state: z.enum(["raised", "cleared"]).optional(),
  }),
});

/** `system.loop.detected`: agents seem to go in circles, after `hops` from cause to effect or `events` of the flow. */
export const systemLoopDetected = defineEvent("system.loop.detected", {
  description: "Agents seem to go in circles, after `hops` from cause to effect or `events` of the flow.",
  data: z.looseObject({ reason: text, hops: optionalNumber, events: optionalNumber }),
});

/** `system.data.erased`: the data of events were erased; the digests prove of what, and what is left. */
export const systemDataErased = defineEvent("system.data.erased", {
  description: "The data of events were erased; the digests prove of what, and what is left.",
  data: z.looseObject({
    userId: optionalText,
    correlationId: optionalText,
    ids: optionalNumber,
    events: number,
    deadLetters: number,
    digestBefore: text,
    digestAfter: optionalText,
    at: text,
    reason: optionalText,
  }),
});
