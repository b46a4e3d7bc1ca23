// One crew in two languages: this half assigns the tasks and writes, the half in Python researches. Start `npx waggle serve`, then
// python clients/python/examples/two_languages.py, and in a clone: npm run build && npx node examples/two-languages.ts
import { connect } from "wagglebus";
import { startAgent, startOrchestrator } from "wagglebus/agents";
import type { Print } from "./options.ts";

export async function twoLanguages(url = "http://127.0.0.1:4600", print: Print = console.log) {
  await using bus = await connect({ engine: "http", url, source: "crew" });

  const writer = await startAgent(bus, {
    id: "writer",
    capabilities: ["write"],
    work: ({ input }) => `A report on what was found: ${Object(input).notes}`,
  });
  // An agent is whoever says `agent.started`, works on its `task.assigned` and says `task.completed`: in any language.
  using _ = await startOrchestrator(bus);

  async function have(taskId: string, requires: string[], input: object): Promise<unknown> {
    const created = await bus.emit.task.created({ taskId, requires, input });
    const ofTask = { metadata: { correlationId: [created.id] } };
    const { data } = await bus.waitFor({ on: "task.completed", where: ofTask }, { since: created, timeout: "1m" });
    print(`${data.agentId}: ${data.result}`);
    return data.result;
  }

  const notes = await have("research", ["research"], { topic: "bees" });
  await have("report", ["write"], { notes });
  await writer.stop();
}

if (import.meta.main) await twoLanguages(process.argv[2]);
