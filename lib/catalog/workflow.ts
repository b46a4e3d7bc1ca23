import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalText, optionalValue, text } from "./fields.ts";

const workflow = z.looseObject({
  workflowId: text,
  name: optionalText,
  input: optionalValue,
  output: optionalValue,
  error: optionalValue,
  durationMs: optionalNumber,
  reason: optionalText,
  checkpoint: optionalValue,
});

/** `workflow.started`: a workflow started. */
export const workflowStarted = defineEvent("workflow.started", { description: "A workflow started.", data: workflow });

/** `workflow.completed`: a workflow completed successfully. */
export const workflowCompleted = defineEvent("workflow.completed", {
  description: "A workflow completed successfully.",
  data: workflow,
});

/** `workflow.failed`: a workflow failed. */
export const workflowFailed = defineEvent("workflow.failed", {
  description: "A workflow failed.",
  data: workflow,
});

/** `workflow.paused`: a workflow was paused. */
export const workflowPaused = defineEvent("workflow.paused", {
  description: "A workflow was paused.",
  data: workflow,
});

/** `workflow.resumed`: a paused workflow resumed. */
export const workflowResumed = defineEvent("workflow.resumed", {
  description: "A paused workflow resumed.",
  data: workflow,
});

/** `workflow.saved`: a workflow's state was saved at a checkpoint. */
export const workflowSaved = defineEvent("workflow.saved", {
  description: "A workflow's state was saved at a checkpoint.",
  data: workflow,
});
