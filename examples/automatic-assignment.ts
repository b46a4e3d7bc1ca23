// Each task goes to the agent whose competencies fit best. Run it in a clone:
// npm run build && npx node examples/automatic-assignment.ts
import { connect } from "wagglebus";
import { type KnownAgent, type RunningAgent, startAgent, startOrchestrator } from "wagglebus/agents";
import type { Print, Where } from "./options.ts";

const team = { ada: ["python", "sql"], bo: ["python", "docs"], cy: ["docs"] };

export async function automaticAssignment(where: Where = { engine: "memory" }, print: Print = console.log) {
  await using bus = await connect({ ...where, source: "circle" });

  const agents: RunningAgent[] = [];
  for (const [id, capabilities] of Object.entries(team)) {
    agents.push(await startAgent(bus, { id, capabilities, work: ({ title }) => `${title} by ${id}` }));
  }
  // Without `choose`: the least loaded of those who can do all that a task requires. Here nobody need be perfect.
  using _ = await startOrchestrator(bus, {
    choose: (task, known, loadOf) => {
      const fitOf = ({ capabilities }: KnownAgent) => task.requires.filter((one) => capabilities.includes(one)).length;
      const [best] = known
        .filter((agent) => fitOf(agent) > 0)
        .toSorted((a, b) => fitOf(b) - fitOf(a) || loadOf(a.agentId) - loadOf(b.agentId));
      return best?.agentId;
    },
  });

  const tasks = { query: ["python", "sql"], handbook: ["docs", "python"], poem: ["rhyme", "docs"] };
  for (const [title, requires] of Object.entries(tasks)) {
    const { id } = await bus.emit.task.created({ taskId: title, title, requires });
    const { data } = await bus.waitFor(
      { on: "task.completed", where: { metadata: { correlationId: [id] } } },
      { since: new Date(0) },
    );
    print(`${data.result}`);
  }
  for (const agent of agents) await agent.stop();
}

if (import.meta.main) await automaticAssignment();
