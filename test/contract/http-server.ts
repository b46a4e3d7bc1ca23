/** Serves a bus in a process of its own, until it is killed: `http-server.ts <port> <engine> <file>`. Says its address once it listens. */
import { dirname, join } from "node:path";
import { openBusOnEngine } from "../../lib/connect/index.ts";
import { startServer } from "../../lib/server/index.ts";
import type { AnyEvents } from "../../lib/server/served-bus.ts";
import { keepCompiled } from "../support/keep-compiled.ts";

const [port = "0", engine = "", file = ""] = process.argv.slice(2);
const served = await openBusOnEngine<AnyEvents>({
  ...(engine === "memory" ? { engine } : { engine: "embedded", file }),
  source: "server",
  logLevel: "silent",
});
const server = await startServer(served, {
  port: Number(port),
  ...(engine === "memory" ? {} : { peerFolder: join(dirname(file), "servers") }),
});
keepCompiled();
process.send?.(server.url);
