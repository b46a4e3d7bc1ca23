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
});

/** `task.created`: a task came into being. */
export const taskCreated = defineEvent("task.created", { description: "A task came into being.", data: task });

/** `task.assigned`: a task was given to an agent. */
export const taskAssigned = defineEvent("task.assigned", { description: "A task was given to an agent.", data: task });

/** `task.started`: work on a task began. */
export const taskStarted = defineEvent("task.started", { description: "Work on a task began.", data: task });

/** `task.completed`: a task ended well. */
export const taskCompleted = defineEvent("task.completed", { description: "A task ended well.", data: task });

/** `task.failed`: a task ended with an error. */
export const taskFailed = defineEvent("task.failed", { description: "A task ended with an error.", data: task });

/** `task.retried`: a failed task is tried again. */
export const taskRetried = defineEvent("task.retried", { description: "A failed task is tried again.", data: task });

/** `task.conflict.detected`: several tasks want the same resource. */
export const taskConflictDetected = defineEvent("task.conflict.detected", {
  description: "Several tasks want the same resource.",
  data: z.looseObject({
    resource: text,
    taskIds: z.array(text),
    agentIds: optionalTexts,
    resolution: optionalValue,
  }),
});
