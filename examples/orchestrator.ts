// An orchestrator that works by events: it splits a workflow into tasks, has agents do them, and ends it with their results.
// Run it in a clone: npm run build && npx node examples/orchestrator.ts
import { connect } from "wagglebus";
import { mapEvents, startAgent, startOrchestrator } from "wagglebus/agents";
import type { Print, Where } from "./options.ts";

const parts = ["research", "outline", "draft"];

export async function orchestrator(where: Where = { engine: "memory" }, print: Print = console.log) {
  await using bus = await connect({ ...where, source: "orchestrator" });

  await mapEvents(bus, { name: "split", on: "workflow.started" }, ({ data }) =>
    parts.map((part) => ({
      type: "task.created",
      data: { taskId: `${data.workflowId}/${part}`, requires: ["write"] },
    })),
  );
  // The end of each task is looked at, urgent first. All that is known comes from history, so a crash in between loses nothing.
  await bus.subscribe({ name: "join", on: "task.completed" }, async ({ data, metadata }, { bus }) => {
    const { correlationId } = metadata;
    const { events } = await bus.history.query({ correlationId, type: "task.completed" });
    const results = new Map(events.map((event) => [Object(event.data).taskId, Object(event.data).result]));
    const [workflowId = ""] = data.taskId.split("/");
    const output = parts.map((part) => results.get(`${workflowId}/${part}`));
    if (output.every((result) => result !== undefined)) {
      // Whichever task is last: the id is the same, and a second one is a duplicate.
      await bus.emit.workflow.completed({ workflowId, output }, { id: `${workflowId}-completed` });
    }
  });

  using _ = await startOrchestrator(bus);
  const work = ({ taskId }: { readonly taskId: string }) => `${taskId.split("/")[1]} done`;
  const agents = await Promise.all(
    ["writer-1", "writer-2"].map((id) => startAgent(bus, { id, capabilities: ["write"], work })),
  );

  const started = await bus.emit.workflow.started({ workflowId: "wf-1" }, { metadata: { priority: 1 } });
  const completed = await bus.waitFor({ on: "workflow.completed" }, { since: started });
  print(`${completed.data.workflowId}: ${JSON.stringify(completed.data.output)}`);
  print(`same flow: ${completed.metadata.correlationId === started.id}`);
  for (const agent of agents) await agent.stop();
}

if (import.meta.main) await orchestrator();
