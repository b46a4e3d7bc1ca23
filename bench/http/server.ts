/** Serves a bus on a free port in a process of its own, until its parent ends it: `server.ts <engine> <file>`. Prints its memory when asked. */
import { openBusOnEngine } from "../../lib/connect/index.ts";
import { startServer } from "../../lib/server/index.ts";
import type { AnyEvents } from "../../lib/server/served-bus.ts";

const [engine = "", file = ""] = process.argv.slice(2);
const served = await openBusOnEngine<AnyEvents>({
  ...(engine === "memory" ? { engine } : { engine: "embedded", file }),
  source: "bench",
  logLevel: "silent",
});
const server = await startServer(served, { port: 0 });
process.on("message", () => {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  process.send?.({ rss, heapUsed, external, cpuMs: (user + system) / 1_000 });
});
process.on("disconnect", async () => {
  await server.close();
  await served.bus.close();
});
process.send?.({ url: server.url });
