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

/** `execution.started`: an execution began. */
export const executionStarted = defineEvent("execution.started", {
  description: "An execution began.",
  data: execution,
});

/** `execution.completed`: an execution ended well. */
export const executionCompleted = defineEvent("execution.completed", {
  description: "An execution ended well.",
  data: execution,
});

/** `execution.failed`: an execution ended with an error. */
export const executionFailed = defineEvent("execution.failed", {
  description: "An execution ended with an error.",
  data: execution,
});

/** `execution.paused`: an execution was put on hold. */
export const executionPaused = defineEvent("execution.paused", {
  description: "An execution was put on hold.",
  data: execution,
});

/** `execution.resumed`: a paused execution goes on. */
export const executionResumed = defineEvent("execution.resumed", {
  description: "A paused execution goes on.",
  data: execution,
});
