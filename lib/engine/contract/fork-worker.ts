import { fork } from "node:child_process";
import { once } from "node:events";
import type { Worker } from "./adapter.ts";
import { freezeMessage } from "./consume-in-worker.ts";

/** Starts a program in a process of its own; resolves once it says that it consumes, by {@link consumeInWorker}. */
export async function forkWorker(program: URL, args: readonly string[]): Promise<Worker> {
  const child = fork(program, args, { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
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
    freeze: async () => {
      const stopping = once(child, "message");
      child.send(freezeMessage);
      await Promise.race([stopping, ended]);
    },
    thaw: () => child.kill("SIGCONT"),
  };
}
