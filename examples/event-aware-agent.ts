// An agent that is known by its events: who it is, that it lives, what it does, that it stops. Run it in a clone:
// npm run build && npx node examples/event-aware-agent.ts
import { connect } from "wagglebus";
import { startAgent } from "wagglebus/agents";
import type { Print, Where } from "./options.ts";

export async function eventAwareAgent(where: Where = { engine: "memory" }, print: Print = console.log) {
  await using bus = await connect({ ...where, source: "platform" });

  const agent = await startAgent(bus, {
    id: "workflow-agent",
    capabilities: ["workflow"],
    heartbeat: "15s",
    attempts: 3,
    work: async ({ taskId, input }, { attempt, bus }) => {
      // What it publishes belongs to the flow of the task, and is there once over all attempts.
      await bus.emit.agent.spawned(
        { agentId: `${taskId}-helper`, parentAgentId: "workflow-agent" },
        { dedupe: "helper" },
      );
      return { input, attempt };
    },
  });

  const assigned = await bus.emit.task.assigned({ taskId: "wf-123", agentId: "workflow-agent", input: "user-456" });
  const ofTask = { metadata: { correlationId: [assigned.id] } };
  const done = await bus.waitFor({ on: "task.completed", where: ofTask }, { since: assigned });
  print(`done: ${JSON.stringify(done.data.result)}`);
  await agent.stop();

  const { events } = await bus.history.query({ type: ["agent.*", "task.*"], order: "oldest" });
  const told = events.filter(({ type }) => type !== "agent.heartbeat").map(({ type }) => type);
  print(told.join(", "));
}

if (import.meta.main) await eventAwareAgent();
