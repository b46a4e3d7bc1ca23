import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { BusError } from "../../../lib/error/bus-error.ts";
import { endsWithThis } from "../../support/ends-with-this.ts";
import { eventually } from "../../support/eventually.ts";
import { say } from "./say.ts";

/** For a server to end by itself. */
const endWithinMs = 10_000;

export interface ServerOptions {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  /** Its working directory, ephemeral files and log; emptied before it starts, removed once it has stopped. */
  readonly folder: string;
  /** Answers 200 once it is ready. */
  readonly health: string;
  readonly startWithinMs: number;
}

export interface Server {
  stop(): Promise<void>;
}

/** This process's environment without what names an account or another emulator: it would reach the functions. */
export function withoutAws(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("AWS_")));
}

/** Starts a server and resolves when it is ready. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { name, command, env, folder, health, startWithinMs } = options;
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, "tmp"), { recursive: true });
  const logFile = join(folder, "log");
  const log = openSync(logFile, "a");
  // A group of its own: Ctrl-C goes to this process, which cleans up before it ends the server.
  const [shell, ...args] = endsWithThis(command);
  const child = spawn(shell, args, {
    cwd: folder,
    env: { ...env, TMPDIR: join(folder, "tmp") },
    stdio: ["pipe", log, log],
    detached: true,
  });
  closeSync(log);
  const exited = once(child, "exit");
  const stop = async () => {
    child.stdin?.end();
    // An emulator in the middle of its work may take minutes to end by itself.
    const impatient = setTimeout(() => killGroup(child.pid), endWithinMs);
    await exited;
    clearTimeout(impatient);
    killGroup(child.pid);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await eventually(
      `${name} answers at ${health}`,
      async () => {
        if (child.exitCode !== null) return "ended";
        return (await fetch(health)).ok && "ready";
      },
      startWithinMs,
    ).then((state) => {
      if (state === "ended") throw new Error(`${name} ended with ${child.exitCode}`);
    });
  } catch (cause) {
    const tail = (await readFile(logFile, "utf8")).trimEnd().split("\n").slice(-40).join("\n");
    await stop();
    throw new BusError("unavailable", `${name} did not start; the end of its log:\n${tail}`, { cause });
  }
  say(`${name} is up; its log is ${logFile}`);
  return { stop };
}

/** What its children left: Lambda functions, databases. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing is left of the group.
  }
}
