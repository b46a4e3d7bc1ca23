// A page shows what agents do while they do it. Needs npm i hono @hono/node-server. Run it in a clone:
// npm run build && npx node examples/live-page.ts
import { connect } from "wagglebus";
import { createClient } from "wagglebus/browser";
import { createServer } from "wagglebus/server";
import type { Print, Where } from "./options.ts";

export async function livePage(where: Where = { engine: "memory" }, print: Print = console.log) {
  await using bus = await connect({ ...where, source: "platform" });
  const server = await createServer(bus, { port: 0, needsToken: false });
  const { url } = await server.listen();

  // In the page. It follows over broken connections, without a gap and without an event twice.
  const client = createClient({ url });
  const ending = new AbortController();
  const page = async () => {
    const shown = ["task.completed", "memory.shared", "agent.tool.executed"];
    let left = shown.length;
    for await (const { type, data } of client.tail(
      { type: shown },
      { signal: ending.signal, since: "1970-01-01T00:00:00Z" },
    )) {
      print(`${type}: ${JSON.stringify(data)}`);
      left -= 1;
      if (left === 0) return;
    }
  };
  const shown = page();

  // In the agents.
  await bus.emit.task.started({ taskId: "123" });
  await bus.emit.agent.tool.executed({ agentId: "1", toolName: "fs_write" });
  await bus.emit.memory.shared({ memoryId: "m1", toAgentIds: ["2"] });
  await bus.emit.task.completed({ taskId: "123" });
  await shown;
  ending.abort();

  // A page publishes, too, where its token may.
  const { id } = await client.publish({ type: "input.received", data: { content: "Stop." }, source: "page" });
  print(`in history: ${(await bus.history.get(id))?.type}`);
  await server.close();
}

if (import.meta.main) await livePage();
