import * as z from "zod";
import { defineEvent } from "../event/definition.ts";

const execution = z.looseObject({
  executionId: z.string(),
  input: z.unknown().optional(),
  output: z.unknown().optional(),
  error: z.unknown().optional(),
  reason: z.string().optional(),
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
