import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalText, optionalTexts, optionalValue, text } from "./fields.ts";

const task = z.looseObject({
  taskId: text,
  title: optionalText,
  agentId: optionalText,
  instruction: optionalText,
  input: optionalValue,
  result: optionalValue,
  error: optionalValue,
  attempt: optionalNumber,
  priority: optionalNumber,
  requires: optionalTexts,
});

/** `task.created`: a task was created. */
export const taskCreated = defineEvent("task.created", { description: "A task was created.", data: task });

/** `task.assigned`: a task was assigned to an agent. */
export const taskAssigned = defineEvent("task.assigned", {
  description: "A task was assigned to an agent.",
  data: task,
});

/** `task.started`: work on a task started. */
export const taskStarted = defineEvent("task.started", { description: "Work on a task started.", data: task });

/** `task.completed`: a task completed successfully. */
export const taskCompleted = defineEvent("task.completed", {
  description: "A task completed successfully.",
  data: task,
});

/** `task.failed`: a task failed. */
export const taskFailed = defineEvent("task.failed", { description: "A task failed.", data: task });

/** `task.retried`: a failed task was retried. */
export const taskRetried = defineEvent("task.retried", { description: "A failed task was retried.", data: task });

/** `task.cancelled`: a task was cancelled. */
export const taskCancelled = defineEvent("task.cancelled", {
  description: "A task was cancelled.",
  data: z.looseObject({ taskId: text, reason: optionalText, by: optionalText }),
});

/** `task.conflict.detected`: several tasks need the same resource. */
export const taskConflictDetected = defineEvent("task.conflict.detected", {
  description: "Several tasks need the same resource.",
  data: z.looseObject({
    resource: text,
    taskIds: z.array(text),
    agentIds: optionalTexts,
    resolution: optionalValue,
  }),
});
