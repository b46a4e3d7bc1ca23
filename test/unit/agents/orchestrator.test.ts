import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type AgentOptions, startAgent, startOrchestrator } from "../../../lib/agents/index.ts";
import { NonRetriableError } from "../../../lib/delivery/handler-errors.ts";
import { connect } from "../../../lib/index.ts";
import { type TestBus, testBus } from "../../../lib/testing/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

function agent(bus: TestBus, id: string, given: Partial<AgentOptions> = {}) {
  return startAgent(bus, { id, capabilities: ["write"], work: ({ taskId }) => `${id} did ${taskId}`, ...given });
}

/** Type and agent of what was published about tasks. */
function told(bus: TestBus): string[] {
  return bus.published
    .filter(({ type }) => type.startsWith("task.") && type !== "task.created")
    .map(
      ({ type, data }) => `${type} ${(data as { taskId: string }).taskId} ${(data as { agentId?: string }).agentId}`,
    );
}

test("a task goes to an agent that can do it, and its result comes back in the same flow", async () => {
  const bus = testBus();
  using _ = await startOrchestrator(bus);
  await agent(bus, "writer");
  await agent(bus, "coder", { capabilities: ["code", "write"] });
  const created = await bus.publish({ type: "task.created", data: { taskId: "t1", requires: ["code"], input: 5 } });
  await bus.clock.advance(1);
  expect(told(bus)).toEqual(["task.assigned t1 coder", "task.started t1 coder", "task.completed t1 coder"]);
  const completed = bus.published.find(({ type }) => type === "task.completed");
  expect(completed).toMatchObject({
    data: { taskId: "t1", agentId: "coder", attempt: 1, result: "coder did t1" },
    metadata: { correlationId: created.id, agentId: "coder" },
  });
});

test("the least loaded gets it; a task for which nobody is there waits for one", async () => {
  const bus = testBus();
  using _ = await startOrchestrator(bus);
  const busy = { concurrency: 5, work: () => new Promise<never>(() => {}) };
  await agent(bus, "a", busy);
  await agent(bus, "b", busy);
  for (const taskId of ["t1", "t2", "t3", "t4"]) await bus.publish({ type: "task.created", data: { taskId } });
  await bus.publish({ type: "task.created", data: { taskId: "t5", requires: ["paint"] } });
  await bus.clock.advance(1);
  const assigned = told(bus).filter((one) => one.startsWith("task.assigned"));
  expect(assigned.map((one) => one.at(-1)).sort()).toEqual(["a", "a", "b", "b"]);
  await agent(bus, "painter", { capabilities: ["paint"] });
  await bus.clock.advance(1);
  expect(told(bus)).toContain("task.completed t5 painter");
});

test("the tasks of an agent that stops or falls silent go to another one", async () => {
  const bus = testBus();
  using _ = await startOrchestrator(bus, { silence: "45s" });
  // What is left of an agent whose process died: it was here, and has a task.
  await bus.publish({ type: "agent.created", data: { agentId: "a-dead", capabilities: ["write"] } });
  await bus.publish({ type: "agent.started", data: { agentId: "a-dead" } });
  await bus.publish({ type: "task.created", data: { taskId: "t1" } });
  await bus.clock.advance(1);
  expect(told(bus)).toEqual(["task.assigned t1 a-dead"]);
  await agent(bus, "b");
  await bus.clock.advance("30s");
  expect(told(bus)).toHaveLength(1);
  await bus.clock.advance("31s");
  expect(told(bus).slice(1)).toEqual(["task.assigned t1 b", "task.started t1 b", "task.completed t1 b"]);
});

test("after a crash an orchestrator goes on from history, and two do not assign twice", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const options = { engine: "embedded", file: join(path, "bus.db"), source: "test", logLevel: "silent" } as const;
  const before = await connect(options);
  await before.publish({ type: "task.created", data: { taskId: "t1" } });
  const crashed = await startOrchestrator(before);
  crashed.stop();
  await before.close();
  const buses = await Promise.all([1, 2].map(() => connect(options)));
  onTestFinished(async () => void (await Promise.all(buses.map((bus) => bus.close()))));
  const [bus, other] = buses as [typeof before, typeof before];
  using one = await startOrchestrator(bus);
  using two = await startOrchestrator(other);
  expect(one.state.tasks.has("t1") && two.state.tasks.has("t1")).toBe(true);
  const since = new Date(0);
  const done: unknown[] = [];
  await using _ = await startAgent(bus, { id: "a", work: ({ taskId }) => void done.push(taskId) });
  for (const taskId of ["t2", "t3"]) await other.publish({ type: "task.created", data: { taskId } });
  await bus.waitFor({ count: 3, of: [{ on: "task.completed" }] }, { since, timeout: "60s" });
  const { events } = await bus.history.query({ type: "task.assigned" });
  expect(events).toHaveLength(3);
  expect(done.sort()).toEqual(["t1", "t2", "t3"]);
});

test("an agent says that it lives, how busy it is, and that it stops", async () => {
  const bus = testBus();
  const running = await agent(bus, "a", { heartbeat: "10s", concurrency: 2, work: () => new Promise<never>(() => {}) });
  await bus.clock.advance("10s");
  await bus.publish({ type: "task.assigned", data: { taskId: "t1", agentId: "a" } });
  await bus.clock.advance("10s");
  const beats = bus.published.filter(({ type }) => type === "agent.heartbeat").map(({ data }) => data);
  expect(beats).toEqual([
    { agentId: "a", capabilities: ["write"], status: "idle", load: 0 },
    { agentId: "a", capabilities: ["write"], status: "busy", load: 0.5 },
  ]);
  void running;
  const other = await agent(bus, "b");
  await other.stop();
  await other.stop();
  await bus.clock.advance("1m");
  const ofB = bus.published.filter(({ metadata }) => metadata.agentId === "b").map(({ type }) => type);
  expect(ofB).toEqual(["agent.created", "agent.started", "agent.stopped"]);
});

test("a task has failed once its attempts have, its time is up or it must not be tried again", async () => {
  const bus = testBus();
  await agent(bus, "tries", {
    attempts: 2,
    work: () => {
      throw new Error("model is busy");
    },
  });
  await agent(bus, "refuses", {
    work: () => {
      throw new NonRetriableError("no such repository");
    },
  });
  await agent(bus, "hangs", {
    attempts: 1,
    work: (_task, { signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  });
  for (const agentId of ["tries", "refuses", "hangs"]) {
    await bus.publish({ type: "task.assigned", data: { taskId: agentId, agentId } });
  }
  await bus.clock.advance("1h");
  const failed = bus.published.filter(({ type }) => type === "task.failed").map(({ data }) => data);
  expect(failed).toEqual([
    { taskId: "refuses", agentId: "refuses", error: "no such repository" },
    { taskId: "tries", agentId: "tries", error: "model is busy" },
    { taskId: "hangs", agentId: "hangs", error: expect.stringContaining("the handler did not end within 600000 ms") },
  ]);
  expect(bus.published.filter(({ type }) => type === "agent.error")).toHaveLength(4);
});
