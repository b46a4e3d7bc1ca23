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

/** `workflow.started`: a workflow began. */
export const workflowStarted = defineEvent("workflow.started", { description: "A workflow began.", data: workflow });

/** `workflow.completed`: a workflow ended well. */
export const workflowCompleted = defineEvent("workflow.completed", {
  description: "A workflow ended well.",
  data: workflow,
});

/** `workflow.failed`: a workflow ended with an error. */
export const workflowFailed = defineEvent("workflow.failed", {
  description: "A workflow ended with an error.",
  data: workflow,
});

/** `workflow.paused`: a workflow was put on hold. */
export const workflowPaused = defineEvent("workflow.paused", {
  description: "A workflow was put on hold.",
  data: workflow,
});

/** `workflow.resumed`: a paused workflow goes on. */
export const workflowResumed = defineEvent("workflow.resumed", {
  description: "A paused workflow goes on.",
  data: workflow,
});

/** `workflow.saved`: a workflow's state was kept at a checkpoint. */
export const workflowSaved = defineEvent("workflow.saved", {
  description: "A workflow's state was kept at a checkpoint.",
  data: workflow,
});
