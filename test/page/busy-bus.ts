import { NonRetriableError } from "../../lib/index.ts";
import { serve } from "../unit/server/serve.ts";

/** What an attacker may put into an event; none of it may become part of the page. */
export const hostile = `"><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>{{7*7}}\u202e`;

/** A served bus with some of everything that the page shows: what was done, what failed, what waits. */
export async function busyBus() {
  const served = await serve();
  const { bus } = served;
  await bus.subscribe({ name: "planner", on: "workflow.started" }, async () => {
    for (const taskId of ["task-1", "task-2"]) {
      await bus.publish({
        type: "task.assigned",
        data: { taskId, agentId: "reader-1" },
        metadata: { agentId: "planner-1" },
      });
    }
  });
  const state = { broken: true };
  await bus.subscribe({ name: "readers", on: "task.assigned", attempts: 1 }, async ({ data }) => {
    const { taskId } = Object(data);
    if (state.broken && taskId === "task-2") throw new NonRetriableError(`${taskId} cannot be read: ${hostile}`);
    const usage = { inputTokens: 1_200, outputTokens: 300 };
    await bus.publish({
      type: "task.completed",
      data: { taskId, usage, cost: 0.0125 },
      metadata: { agentId: "reader-1" },
    });
  });
  await (await bus.subscribe({ name: "archive", on: "workflow.*" }, () => {})).close();
  const start = await bus.publish({
    type: "workflow.started",
    data: { workflowId: "w-1", note: hostile },
    source: "crew",
  });
  await bus.waitFor("task.completed", { since: start.time });
  await bus.publish({
    type: "approval.requested",
    id: "ask",
    data: { approvalId: "a-1", question: `Publish the notes? ${hostile}` },
    metadata: { agentId: "planner-1", correlationId: "notes" },
  });
  await bus.publish({
    type: "system.performance.alert",
    id: "alert-slow",
    source: "waggle-alerts",
    data: {
      ...{ alert: "slow-flow", metric: "flow.duration", subject: start.id, key: "", severity: "critical" },
      ...{ value: 12_000, threshold: 10_000, state: "raised" },
    },
  });
  const dead = async () => (await bus.deadLetters.list()).deadLetters[0];
  for (let letter = await dead(); letter === undefined; letter = await dead()) await new Promise(setImmediate);
  const letter = await dead();
  return { ...served, start, letter, fix: () => (state.broken = false) };
}
