import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalText, optionalValue, text } from "./fields.ts";

const execution = z.looseObject({
  executionId: text,
  input: optionalValue,
  output: optionalValue,
  error: optionalValue,
  reason: optionalText,
});

/** `execution.started`: an execution started. */
export const executionStarted = defineEvent("execution.started", {
  description: "An execution started.",
  data: execution,
});

/** `execution.completed`: an execution completed successfully. */
export const executionCompleted = defineEvent("execution.completed", {
  description: "An execution completed successfully.",
  data: execution,
});

/** `execution.failed`: an execution failed. */
export const executionFailed = defineEvent("execution.failed", {
  description: "An execution failed.",
  data: execution,
});

/** `execution.paused`: an execution was paused. */
export const executionPaused = defineEvent("execution.paused", {
  description: "An execution was paused.",
  data: execution,
});

/** `execution.resumed`: a paused execution resumed. */
export const executionResumed = defineEvent("execution.resumed", {
  description: "A paused execution resumed.",
  data: execution,
});
