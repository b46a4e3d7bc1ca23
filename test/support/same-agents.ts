import { taskAssigned } from "../../lib/catalog/task.ts";
import { type ConnectOptions, connect, defineSubscription } from "../../lib/index.ts";
import { eventually } from "./eventually.ts";

// The agents of the guide "move from one engine to another" of docs/kafka/engine.md: they know no engine.

/** What names an engine, and where its bus is. */
export type Configuration = Pick<ConnectOptions, "engine" | "file" | "url" | "bus" | "store">;

/** What the agent asks for: on aws it is deployed. */
export const frontendAgent = defineSubscription({ name: "frontend-agent", on: taskAssigned, attempts: 3 });

const tasks = ["t-1", "t-2", "t-3"];

/** What the agents come to, wherever their bus is. */
export const outcomeOfAgents = { results: tasks.map((taskId) => `${taskId} is done`), recorded: 2 * tasks.length };

/** Has an agent do the tasks of an orchestrator, on the bus of a configuration. `patience`: for any one step, in milliseconds. */
export async function runAgents(configuration: Configuration, patience = 20_000): Promise<typeof outcomeOfAgents> {
  const bus = await connect({ ...configuration, source: "orchestrator" });
  try {
    // An agent that got its work by polling is a handler now: what it did with one task, it does with one event.
    await bus.subscribe(frontendAgent, async ({ data }, { bus: ofHandler }) => {
      await ofHandler.emit.task.completed({ taskId: data.taskId, result: `${data.taskId} is done` });
    });
    const assigned = await Promise.all(tasks.map((taskId) => bus.emit.task.assigned({ taskId })));
    const results: string[] = [];
    for (const { metadata } of assigned) {
      const where = { metadata: { correlationId: [metadata.correlationId] } };
      const done = await bus.waitFor({ on: "task.completed", where }, { since: new Date(0), timeout: patience });
      results.push(String(Reflect.get(Object(done.data), "result")));
    }
    // On aws history has what happened a moment later.
    const recorded = await eventually(
      "all of it is recorded",
      async () => {
        const flows = await Promise.all(
          assigned.map(({ metadata }) => bus.history.query({ correlationId: metadata.correlationId })),
        );
        const count = flows.flatMap(({ events }) => events).length;
        return count >= 2 * tasks.length && count;
      },
      patience,
    );
    return { results, recorded };
  } finally {
    await bus.close();
  }
}
