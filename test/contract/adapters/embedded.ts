import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { connect } from "../../../lib/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import type { Adapter, Worker } from "../adapter.ts";
import type { SubscriptionName } from "../subscriptions.ts";
import { fileProbe } from "./file-probe.ts";

const program = new URL("./embedded-worker.ts", import.meta.url);

/** One file, any number of buses and processes on it. */
export const embeddedAdapter: Adapter = {
  name: "embedded",
  lacks: new Set(),
  timeScale: 1,
  prepare: async () => {
    const directory = await temporaryDirectory();
    const file = join(directory.path, "bus.db");
    return {
      probe: fileProbe(directory.path),
      connect: (options) => connect({ ...options, engine: "embedded", file }),
      startWorker: (names) => startWorker(directory.path, file, names),
      close: directory.remove,
    };
  },
};

async function startWorker(directory: string, file: string, names: readonly SubscriptionName[]): Promise<Worker> {
  const child = fork(program, [directory, file, ...names], {
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  const [first, signal] = await Promise.race([once(child, "message"), ended]);
  // A script that crashes its process may do so before this hears that it is ready.
  if ((first !== "ready" && signal !== "SIGKILL") || child.pid === undefined) {
    throw new Error(`the worker ended with ${first}`);
  }
  return {
    pid: child.pid,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
    freeze: () => child.kill("SIGSTOP"),
    thaw: () => child.kill("SIGCONT"),
  };
}
