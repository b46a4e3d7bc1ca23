// One agent publishes, another reacts. Run it in a clone: npm run build && npx node examples/hello.ts
import { connect } from "wagglebus";

const bus = await connect({ engine: "memory", source: "hello" });

await bus.subscribe({ name: "reader", on: "task.assigned" }, async (event, { bus }) => {
  console.log(`reader: ${event.data.instruction}`);
  await bus.emit.task.completed({ taskId: event.data.taskId, result: "read" });
});

const assigned = await bus.emit.task.assigned({ taskId: "task-1", instruction: "Read the inbox." });
const flow = await bus.settled(assigned.id);
console.log(`${flow.size} events, ${flow.status}`);
await bus.close();
