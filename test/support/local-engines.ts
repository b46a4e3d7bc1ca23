import { join } from "node:path";
import { afterAll } from "vitest";
import { type ConnectOptions, connect } from "../../lib/index.ts";
import { createServer } from "../../lib/server-entry.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

type Where = Pick<ConnectOptions, "engine" | "file" | "url">;

/**
 * The engines that a test can have in its own process: by name, how to open a new bus of nobody else. For the top of a test file:
 * what they leave ends with it, at once, since a server waits for connections that a client has left.
 */
export function localEngines(): [name: string, open: () => Promise<Where>][] {
  const left: (() => Promise<void>)[] = [];
  afterAll(async () => {
    await Promise.all(left.map((end) => end()));
  });
  return [
    ["memory", async () => ({ engine: "memory" })],
    [
      "embedded",
      async () => {
        const { path, remove } = await temporaryDirectory();
        left.push(remove);
        return { engine: "embedded", file: join(path, "bus.db") };
      },
    ],
    [
      "http",
      async () => {
        const served = await connect({ engine: "memory", source: "server", logLevel: "silent" });
        const server = await createServer(served, { port: 0, needsToken: false });
        left.push(() => server.close().then(() => served.close()));
        const { url } = await server.listen();
        return { engine: "http", url };
      },
    ],
  ];
}
