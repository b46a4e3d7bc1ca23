import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";

const memory = z.object({ rss: z.number(), heapUsed: z.number(), external: z.number(), cpuMs: z.number() });

/** Bytes and CPU time of a server's process. */
export type ServerUsage = z.infer<typeof memory>;

export type Engine = "memory" | "embedded";

/** A server in a process of its own. */
export interface Served {
  readonly url: string;
  usage(): Promise<ServerUsage>;
  end(): Promise<void>;
}

export async function startServed(engine: Engine): Promise<Served> {
  const folder = mkdtempSync(join(process.env.WAGGLE_BENCH_FOLDER ?? tmpdir(), "waggle-bench-"));
  const program = new URL("./server.ts", import.meta.url);
  const child = fork(program, [engine, join(folder, "bus.db")], { execArgv: ["--expose-gc"] });
  const [first] = await once(child, "message");
  const { url } = z.object({ url: z.string() }).parse(first);
  return {
    url,
    usage: async () => {
      child.send("usage");
      const [answer] = await once(child, "message");
      return memory.parse(answer);
    },
    end: async () => {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
