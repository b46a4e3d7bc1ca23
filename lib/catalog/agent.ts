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

const life = z.looseObject({
  agentId: text,
  parentAgentId: optionalText,
  reason: optionalText,
  status: optionalText,
  load: optionalNumber,
  error: optionalValue,
  changes: optionalValue,
});

/** `agent.spawned`: an agent was started by another one. */
export const agentSpawned = defineEvent("agent.spawned", {
  description: "An agent was started by another one.",
  data: life,
});

/** `agent.activated`: an agent takes work from now on. */
export const agentActivated = defineEvent("agent.activated", {
  description: "An agent takes work from now on.",
  data: life,
});

/** `agent.deactivated`: an agent takes no more work. */
export const agentDeactivated = defineEvent("agent.deactivated", {
  description: "An agent takes no more work.",
  data: life,
});

/** `agent.started`: an agent began to run. */
export const agentStarted = defineEvent("agent.started", { description: "An agent began to run.", data: life });

/** `agent.stopped`: an agent ended its run. */
export const agentStopped = defineEvent("agent.stopped", { description: "An agent ended its run.", data: life });

/** `agent.heartbeat`: an agent says that it lives, and how busy it is. */
export const agentHeartbeat = defineEvent("agent.heartbeat", {
  description: "An agent says that it lives, and how busy it is.",
  data: life,
});

/** `agent.error`: an agent ran into an error. */
export const agentError = defineEvent("agent.error", { description: "An agent ran into an error.", data: life });

/** `agent.optimized`: an agent's own settings were improved. */
export const agentOptimized = defineEvent("agent.optimized", {
  description: "An agent's own settings were improved.",
  data: life,
});

const work = z.looseObject({
  agentId: text,
  taskId: text,
  result: optionalValue,
  error: optionalValue,
  durationMs: optionalNumber,
});

/** `agent.task.assigned`: an agent was given a task. */
export const agentTaskAssigned = defineEvent("agent.task.assigned", {
  description: "An agent was given a task.",
  data: work,
});

/** `agent.task.completed`: an agent ended its task well. */
export const agentTaskCompleted = defineEvent("agent.task.completed", {
  description: "An agent ended its task well.",
  data: work,
});

/** `agent.task.failed`: an agent ended its task with an error. */
export const agentTaskFailed = defineEvent("agent.task.failed", {
  description: "An agent ended its task with an error.",
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

/** `agent.capability.execution.started`: an agent began to use a capability. */
export const agentCapabilityExecutionStarted = defineEvent("agent.capability.execution.started", {
  description: "An agent began to use a capability.",
  data: capability,
});

/** `agent.capability.execution.completed`: an agent's use of a capability ended well. */
export const agentCapabilityExecutionCompleted = defineEvent("agent.capability.execution.completed", {
  description: "An agent's use of a capability ended well.",
  data: capability,
});

/** `agent.capability.execution.failed`: an agent's use of a capability ended with an error. */
export const agentCapabilityExecutionFailed = defineEvent("agent.capability.execution.failed", {
  description: "An agent's use of a capability ended with an error.",
  data: capability,
});
