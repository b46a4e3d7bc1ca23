import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { alerts } from "../../examples/alerts.ts";
import { approval } from "../../examples/approval.ts";
import { automaticAssignment } from "../../examples/automatic-assignment.ts";
import { budget } from "../../examples/budget.ts";
import { circuitBreaker } from "../../examples/circuit-breaker.ts";
import { conflictDetection } from "../../examples/conflict-detection.ts";
import { coordination } from "../../examples/coordination.ts";
import { effectsOnce } from "../../examples/effects-once.ts";
import { eventAwareAgent } from "../../examples/event-aware-agent.ts";
import { knowledgeSharing } from "../../examples/knowledge-sharing.ts";
import { livePage } from "../../examples/live-page.ts";
import { llmStreaming } from "../../examples/llm-streaming.ts";
import type { Print, Where } from "../../examples/options.ts";
import { orchestrator } from "../../examples/orchestrator.ts";
import { outbox } from "../../examples/outbox.ts";
import { voting } from "../../examples/voting.ts";
import { localEngines } from "../support/local-engines.ts";

interface Example {
  readonly run: (where: Where, print: Print) => Promise<void>;
  readonly says: readonly string[];
  /** It serves the bus itself. */
  readonly serves?: true;
}

const examples: Record<string, Example> = {
  coordination: {
    run: coordination,
    says: ["agent 2 reads results.json of agent 1", "the flow of task 123: task.created", "reviews: review-123"],
  },
  "knowledge sharing": {
    run: knowledgeSharing,
    says: ["agent 2 learns: The connection string is in .env.production", "indexed: m1", "the circle knows: m1, m3"],
  },
  "conflict detection": {
    run: conflictDetection,
    says: [
      "conflict: agent-1 and agent-2 want src/app.ts",
      "agent 1 may write: true, agent 2: false",
      "agent 2 has it next, with a greater fence: true",
    ],
  },
  "automatic assignment": { run: automaticAssignment, says: ["query by ada", "handbook by bo", "poem by bo"] },
  "event-aware agent": {
    run: eventAwareAgent,
    says: [
      'done: {"input":"user-456","attempt":1}',
      "agent.created, agent.started, task.assigned, task.started, agent.spawned, task.completed, agent.stopped",
    ],
  },
  orchestrator: {
    run: orchestrator,
    says: ['wf-1: ["research done","outline done","draft done"]', "same flow: true"],
  },
  "circuit breaker": {
    run: circuitBreaker,
    says: [
      "open after 3 calls",
      "refused: circuit_open, instead: a cheaper model, calls: 3",
      "back: an answer, closed",
      "model-x: closed → open",
      "model-y: closed → open",
      "model-y: open → half-open",
      "model-y: half-open → closed",
    ],
  },
  outbox: {
    run: outbox,
    says: ["order 12: UNIQUE constraint failed: orders.id", 'shipping: {"id":12}', "1 event"],
  },
  voting: {
    run: voting,
    says: [
      "Merge the new page? yes: 3 to 0, all voted: true",
      "Merge the password in the log? no: 2 to 1, all voted: true",
    ],
  },
  budget: {
    run: budget,
    says: ["20 calls, 30 refused as throttled", "told at 80 % of 2 USD", "spent 2.00"],
  },
  "effects once": {
    run: effectsOnce,
    says: [
      '{"text":"Thank you for your order.","receipt":"receipt for 30"}',
      "1 charge, 1 call of the model",
      "effect.started, effect.completed",
    ],
  },
  "live page": {
    run: livePage,
    says: [
      'agent.tool.executed: {"agentId":"1","toolName":"fs_write"}',
      'memory.shared: {"memoryId":"m1","toAgentIds":["2"]}',
      'task.completed: {"taskId":"123"}',
      "in history: input.received",
    ],
    serves: true,
  },
  "LLM streaming to a browser": {
    run: llmStreaming,
    says: [
      "read along: Bees tell the hive where the food is by a dance.",
      "came late:  Bees tell the hive where the food is by a dance.",
      "in history: llm.call.started, llm.call.completed",
    ],
    serves: true,
  },
};

describe.each(localEngines())("on %s", (engine, open) => {
  const shown = Object.entries(examples).filter(([, { serves }]) => !(engine === "http" && serves));
  test.each(shown)("the example of %s does what it says", async (_name, { run, says }) => {
    const lines: string[] = [];
    await run(await open(), (line) => lines.push(line));
    expect(lines).toEqual(says);
  });
});

test("the example of alerts tells of a slow flow and of a spike, and of the end of the spike", async () => {
  const lines: string[] = [];
  await alerts(undefined, (line) => lines.push(line));
  expect(lines).toEqual([
    "slow-flow raised: flow.duration is 10001, above 10000",
    "slow-flow cleared: flow.duration is 12000, above 10000",
    "rate-spike raised: events.per_minute is 11, above 10",
    "rate-spike cleared: events.per_minute is 0, above 10",
  ]);
});

test("the example of an approval over two days waits for them on a clock that is moved", async () => {
  const lines: string[] = [];
  await approval(undefined, (line) => lines.push(line));
  expect(lines).toEqual([
    "after two days: 1 question, to be answered by 2026-01-04T00:00:00.000Z",
    "granted by ann, in attempt 1",
    "deployed: true, looked again: true",
  ]);
});

test("each example has fewer than 60 lines, and the table of examples/README.md names it", () => {
  const folder = fileURLToPath(new URL("../../examples/", import.meta.url));
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && name !== "options.ts");
  const table = readFileSync(join(folder, "README.md"), "utf8");
  expect(files.length).toBeGreaterThan(15);
  expect(files.filter((name) => readFileSync(join(folder, name), "utf8").split("\n").length > 60)).toEqual([]);
  expect(files.filter((name) => !table.includes(`](${name})`))).toEqual([]);
});
