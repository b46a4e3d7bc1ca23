import { describe, expect, test } from "vitest";
import * as definitions from "../../../lib/catalog/definitions.ts";
import * as catalogEntry from "../../../lib/catalog/index.ts";
import { exampleOf } from "../../../lib/event/example.ts";
import { createIds } from "../../../lib/event/id.ts";
import { prepareEvent } from "../../../lib/event/prepare.ts";

const { standardCatalog } = catalogEntry;
const all = Object.entries(definitions);

/** Every standard type with its fields, which publishers rely on; `?` marks an optional one. */
const fields: Record<string, string> = {};
function types(names: string, of: string): void {
  for (const name of names.split(" ")) fields[name] = of;
}
types(
  "workflow.started workflow.completed workflow.failed workflow.paused workflow.resumed workflow.saved",
  "workflowId name? input? output? error? durationMs? reason? checkpoint?",
);
types("agent.created agent.updated", "agentId name? capabilities? updatedFields?");
types(
  "agent.spawned agent.activated agent.deactivated agent.started agent.stopped agent.heartbeat agent.error agent.optimized",
  "agentId parentAgentId? reason? status? load? error? changes?",
);
types("agent.task.assigned agent.task.completed agent.task.failed", "agentId taskId result? error? durationMs?");
types("agent.tool.executed", "agentId toolName input? output? error? durationMs?");
types(
  "agent.capability.execution.started agent.capability.execution.completed agent.capability.execution.failed",
  "agentId capabilityId executionId resultSummary? error?",
);
types(
  "task.created task.assigned task.started task.completed task.failed task.retried",
  "taskId title? agentId? instruction? input? result? error? attempt? priority? requires?",
);
types("task.conflict.detected", "resource taskIds agentIds? resolution?");
types("feature.created feature.started feature.completed feature.blocked", "featureId title? reason? taskIds?");
types(
  "execution.started execution.completed execution.failed execution.paused execution.resumed",
  "executionId input? output? error? reason?",
);
types("goal.progress", "progress criteriaStatus?");
types("goal.achieved", "goalId? summary?");
types("constraint.violated", "constraintId description");
types("state.changed", "key oldValue? newValue? scope?");
types("state.conflict", "key values agents?");
types("stream.started stream.stopped", "streamId reason?");
types("node.loop.started node.loop.iteration node.loop.completed", "nodeId? maxIterations? iteration? iterations?");
types("node.internal.output", "nodeId? content");
types("node.input.blocked node.stalled", "nodeId? prompt? reason?");
types("llm.text.delta client.output.delta", "content snapshot?");
types("llm.reasoning.delta", "content");
types("tool.call.started", "toolUseId? toolName toolInput?");
types("tool.call.completed", "toolUseId? toolName result? isError?");
types("client.input.requested", "prompt");
types("memory.created", "memoryId content? filters? agentId?");
types("memory.updated", "memoryId updatedFields?");
types("memory.searched", "query filters? resultCount?");
types("memory.shared memory.recalled", "memoryId fromAgentId? toAgentIds? circleId?");
types("memory.entity.extracted", "memoryId entities relationships?");
types("knowledge.updated knowledge_graph.updated", "entities? relationships? added? removed?");
types("circle.created circle.started circle.stopped", "circleId name? goal?");
types("circle.member.added circle.member.removed", "circleId agentId role?");
types("conversation.message.posted", "content role? conversationId? toAgentId?");
types("conversation.turn.completed", "conversationId turn?");
types("pattern.discovered", "patternId? description confidence?");
types("improvement.applied optimization.completed", "target before? after? gain?");
types("evolution.pattern.detected", "patternType confidence? dataPoints?");
types("evolution.proposal.generated", "proposalId proposalType? description?");
types("evolution.proposal.validated", "proposalId validationResult? score?");
types("evolution.implementation.started evolution.implementation.completed", "proposalId implementationId changes?");
types("user.feedback.received", "rating? comment? subject?");
types("user.command.executed", "command arguments? result?");
types("system.health.checked", "status checks?");
types("system.shutdown system.error system.warning", "message component? error?");
types("system.error.recovered", "message component?");
types("system.cost.threshold.reached", "amount limit currency? period?");
types("system.loop.detected", "reason hops? events?");
types("system.performance.alert", "metric value threshold? subject? state?");
types("circuit_breaker.state.changed", "service from to reason?");
types("circuit_breaker.call.failed circuit_breaker.call.rejected", "service error?");

types(
  "llm.call.started llm.call.completed llm.call.failed",
  "model provider? inputTokens? outputTokens? cachedTokens? cost? currency? finishReason? durationMs? error?",
);
types("approval.requested", "approvalId question of? options? by? reason? deadline?");
types("approval.granted approval.denied approval.expired", "approvalId question? of? options? by? reason? deadline?");
types("input.received", "inputId? content");
types("handoff.requested handoff.accepted", "fromAgentId toAgentId taskId? reason?");
types("task.cancelled", "taskId reason? by?");
types("agent.message.sent", "fromAgentId toAgentId? content");
types("artifact.created artifact.updated", "artifactId name? mediaType? uri? bytes?");
types("guardrail.triggered", "guardrail action? reason?");
types("effect.started effect.unknown", "effectKey effectId? attempt?");
types("effect.completed", "effectKey effectId? attempt? result?");
types("effect.failed", "effectKey effectId? attempt? error?");
types("lease.requested", "resource holder leaseId ttlMs waits?");
types("lease.acquired lease.renewed lease.released", "resource holder fence leaseId?");
types("lease.lost", "resource holder fence leaseId? renewals?");
types("budget.requested budget.reserved budget.spent budget.exceeded", "budget amount limit unit reservationId?");
types("system.data.erased", "userId? correlationId? ids? events deadLetters digestBefore digestAfter? at reason?");
types("step.completed", "step result?");

test("the standard catalog has exactly the promised types", () => {
  expect([...standardCatalog.types()]).toEqual(Object.keys(fields).sort());
  expect(standardCatalog.open).toBe(false);
});

test.each(Object.entries(fields))("%s has the fields %s", (type, expected) => {
  const { properties, required, additionalProperties } = Object(standardCatalog.jsonSchema(type));
  const names = Object.keys(properties).map((name) => ((required ?? []).includes(name) ? name : `${name}?`));
  expect(names.join(" ")).toBe(expected);
  expect(additionalProperties).toEqual({});
});

test.each(all)("%s is named after its type and has a one-line description", (name, definition) => {
  const [first, ...rest] = definition.type.split(/[._]/);
  expect(name).toBe([first, ...rest.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`)].join(""));
  expect(definition.description).toMatch(/^[A-Z][^\n]{5,100}\.$/);
  expect(definition.version).toBe(1);
});

test("history keeps all types except the deltas", () => {
  const without = all.filter(([, definition]) => !definition.history).map(([, definition]) => definition.type);
  expect(without.sort()).toEqual(["client.output.delta", "llm.reasoning.delta", "llm.text.delta"]);
});

test.each(all)("%s has an example that publishes unchanged", (_, definition) => {
  const data = exampleOf(definition);
  const context = { catalog: standardCatalog, source: "test", now: Date.now, nextId: createIds({ now: Date.now }) };
  expect(prepareEvent({ type: definition.type, data }, context).event.data).toEqual(data);
});

describe("invalid data is refused", () => {
  const context = { catalog: standardCatalog, source: "test", now: Date.now, nextId: createIds({ now: Date.now }) };
  test.each([
    ["goal.progress", { progress: 1.1 }, "data.progress must be at most 1, not 1.1"],
    [
      "system.performance.alert",
      { metric: "p99", value: 1, state: "up" },
      'data.state must be "raised" or "cleared", not "up"',
    ],
    [
      "memory.entity.extracted",
      { memoryId: "m", entities: [{}] },
      "data.entities[0].name is missing; it must be a string",
    ],
    ["approval.requested", { approvalId: "a" }, "data.question is missing; it must be a string"],
    ["lease.acquired", { resource: "r", holder: "h", fence: "1" }, 'data.fence must be a number, not "1"'],
    ["task.completed", {}, "data.taskId is missing; it must be a string"],
  ])("%s", (type, data, message) => {
    expect(() => prepareEvent({ type, data }, context)).toThrow(message);
  });
});
