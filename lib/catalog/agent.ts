import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalText, optionalTexts, optionalValue, text } from "./fields.ts";

const profile = z.looseObject({
  agentId: text,
  name: optionalText,
  capabilities: optionalTexts,
  updatedFields: optionalTexts,
});

/** `agent.created`: an agent was registered. */
export const agentCreated = defineEvent("agent.created", { description: "An agent was registered.", data: profile });

/** `agent.updated`: an agent's description changed. */
export const agentUpdated = defineEvent("agent.updated", {
  description: "An agent's description changed.",
  data: profile,
});

const lifecycle = z.looseObject({
  agentId: text,
  parentAgentId: optionalText,
  reason: optionalText,
  status: optionalText,
  load: optionalNumber,
  error: optionalValue,
  changes: optionalValue,
});

/** `agent.spawned`: an agent was spawned by another agent. */
export const agentSpawned = defineEvent("agent.spawned", {
  description: "An agent was spawned by another agent.",
  data: lifecycle,
});

/** `agent.activated`: an agent started accepting work. */
export const agentActivated = defineEvent("agent.activated", {
  description: "An agent started accepting work.",
  data: lifecycle,
});

/** `agent.deactivated`: an agent stopped accepting work. */
export const agentDeactivated = defineEvent("agent.deactivated", {
  description: "An agent stopped accepting work.",
  data: lifecycle,
});

/** `agent.started`: an agent started. */
export const agentStarted = defineEvent("agent.started", { description: "An agent started.", data: lifecycle });

/** `agent.stopped`: an agent stopped. */
export const agentStopped = defineEvent("agent.stopped", { description: "An agent stopped.", data: lifecycle });

/** `agent.heartbeat`: an agent reported that it is alive, and its load. */
export const agentHeartbeat = defineEvent("agent.heartbeat", {
  description: "An agent reported that it is alive, and its load.",
  data: lifecycle,
});

/** `agent.error`: an agent encountered an error. */
export const agentError = defineEvent("agent.error", {
  description: "An agent encountered an error.",
  data: lifecycle,
});

/** `agent.optimized`: an agent's settings were optimized. */
export const agentOptimized = defineEvent("agent.optimized", {
  description: "An agent's settings were optimized.",
  data: lifecycle,
});

const work = z.looseObject({
  agentId: text,
  taskId: text,
  result: optionalValue,
  error: optionalValue,
  durationMs: optionalNumber,
});

/** `agent.task.assigned`: an agent was assigned a task. */
export const agentTaskAssigned = defineEvent("agent.task.assigned", {
  description: "An agent was assigned a task.",
  data: work,
});

/** `agent.task.completed`: an agent completed its task successfully. */
export const agentTaskCompleted = defineEvent("agent.task.completed", {
  description: "An agent completed its task successfully.",
  data: work,
});

/** `agent.task.failed`: an agent failed its task. */
export const agentTaskFailed = defineEvent("agent.task.failed", {
  description: "An agent failed its task.",
  data: work,
});

/** `agent.tool.executed`: an agent ran a tool. */
export const agentToolExecuted = defineEvent("agent.tool.executed", {
  description: "An agent ran a tool.",
  data: z.looseObject({
    agentId: text,
    toolName: text,
    input: optionalValue,
    output: optionalValue,
    error: optionalValue,
    durationMs: optionalNumber,
  }),
});

const capability = z.looseObject({
  agentId: text,
  capabilityId: text,
  executionId: text,
  resultSummary: optionalText,
  error: optionalValue,
});

/** `agent.capability.execution.started`: an agent started to execute a capability. */
export const agentCapabilityExecutionStarted = defineEvent("agent.capability.execution.started", {
  description: "An agent started to execute a capability.",
  data: capability,
});

/** `agent.capability.execution.completed`: an agent executed a capability successfully. */
export const agentCapabilityExecutionCompleted = defineEvent("agent.capability.execution.completed", {
  description: "An agent executed a capability successfully.",
  data: capability,
});

/** `agent.capability.execution.failed`: an agent failed to execute a capability. */
export const agentCapabilityExecutionFailed = defineEvent("agent.capability.execution.failed", {
  description: "An agent failed to execute a capability.",
  data: capability,
});

/** `agent.message.sent`: an agent sent a message to another one, or to all. */
export const agentMessageSent = defineEvent("agent.message.sent", {
  description: "An agent sent a message to another one, or to all.",
  data: z.looseObject({ fromAgentId: text, toAgentId: optionalText, content: text }),
});
