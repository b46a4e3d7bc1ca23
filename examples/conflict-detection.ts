// Two agents want to write the same file: the second is refused, and the conflict is an event. Run it in a clone:
// npm run build && npx node examples/conflict-detection.ts
import { BusError, connect } from "wagglebus";
import { claim, type Lease } from "wagglebus/agents";
import type { Print, Where } from "./options.ts";

export async function conflictDetection(where: Where = { engine: "memory" }, print: Print = console.log) {
  await using bus = await connect({ ...where, source: "editor" });

  /** The file for an agent alone, over all processes, or `undefined`: then the others hear of the conflict. */
  async function open(path: string, agentId: string, taskId: string): Promise<Lease | undefined> {
    try {
      return await claim(bus, `file:${path}`, { holder: agentId });
    } catch (thrown) {
      if (!(thrown instanceof BusError && thrown.code === "conflict")) throw thrown;
      const conflict = { resource: path, taskIds: [taskId], agentIds: [String(thrown.details.heldBy), agentId] };
      await bus.emit.task.conflict.detected(conflict);
      return undefined;
    }
  }

  await bus.subscribe({ name: "referee", on: "task.conflict.detected" }, ({ data }) => {
    print(`conflict: ${data.agentIds?.join(" and ")} want ${data.resource}`);
  });

  const first = await open("src/app.ts", "agent-1", "t1");
  const second = await open("src/app.ts", "agent-2", "t2");
  const conflict = await bus.waitFor({ on: "task.conflict.detected" }, { since: new Date(0) });
  await bus.settled(conflict.id);
  print(`agent 1 may write: ${first !== undefined}, agent 2: ${second !== undefined}`);

  await first?.release();
  await using next = await open("src/app.ts", "agent-2", "t2");
  // What a file is written through refuses a fence that is smaller than one it has seen: a holder that has been overtaken.
  print(`agent 2 has it next, with a greater fence: ${(next?.fence ?? 0) > (first?.fence ?? 0)}`);
}

if (import.meta.main) await conflictDetection();
