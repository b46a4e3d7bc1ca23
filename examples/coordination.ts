// An agent goes on with what another one has finished. Run it in a clone: npm run build && npx node examples/coordination.ts
import { connect } from "wagglebus";
import type { Print, Where } from "./options.ts";

export async function coordination(where: Where = { engine: "memory" }, print: Print = console.log) {
  await using bus = await connect({ ...where, source: "circle-5" });

  // Agent 2 listens to its own circle, and to tasks that have a file as their result. The rest is not delivered to it at all.
  await bus.subscribe(
    {
      name: "agent-2",
      on: "task.completed",
      where: { data: { result: { file: [{ exists: true }] } }, metadata: { circleId: ["5"] } },
    },
    async ({ data, metadata }, { bus }) => {
      print(`agent 2 reads ${Object(data.result).file} of agent ${metadata.agentId}`);
      await bus.emit.task.created({ taskId: `review-${data.taskId}` }, { dedupe: "review" });
    },
  );

  const ofAgent1 = { agentId: "1", circleId: "5" };
  const done = await bus.emit.task.completed(
    { taskId: "123", result: { file: "results.json" } },
    { metadata: ofAgent1 },
  );
  const flow = await bus.settled(done.id);
  await bus.emit.task.completed({ taskId: "124" }, { metadata: ofAgent1 });
  const other = { agentId: "3", circleId: "6" };
  const elsewhere = await bus.emit.task.completed({ taskId: "9", result: { file: "x.json" } }, { metadata: other });
  await bus.settled(elsewhere.id);

  print(`the flow of task 123: ${flow.roots.map(({ children }) => children.map(({ event }) => event.type))}`);
  const { events } = await bus.history.query({ type: "task.created" });
  print(`reviews: ${events.map(({ data }) => Object(data).taskId)}`);
}

if (import.meta.main) await coordination();
