import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type ContractAdapter, type Declaration, fileRecorder, forkWorker } from "../../lib/engine/contract/index.ts";
import { connect } from "../../lib/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { roundRobin } from "./round-robin.ts";

const serverProgram = new URL("./http-server.ts", import.meta.url);
const workerProgram = new URL("./http-worker.ts", import.meta.url);

/** Short enough for the cases of killed processes, which are noticed after a third of it; long enough for a busy machine. */
const leaseMs = 6_000;

/** Each delivery is a message and an answer, so that the cases of many take longer. */
const timeScale = 3;

/** What servers on the embedded engine lack. */
export const onEmbedded = {
  lacks: ["ownership", "transfer"],
  // Lost after the lease, which is longer than the check waits.
  unproven: ["ownership"],
  leftOut: [
    "transfer: deliveries of an ordered subscription come in the order in which their events were accepted",
    "transfer: deliveries that another engine had not made come with their attempts, when they are due, and once",
    "transfer: events that another engine had are in history as accepted at their times, once, and nobody gets them",
    "transfer: other processes that use the store are seen",
    "transfer: what a subscription has not delivered is handed over as it was published; nothing else is",
    "crashes: a process that is stopped and continued is not overtaken, though one that died is",
  ],
} as const satisfies Omit<Declaration, "name">;

/** A server in a process of its own. */
export interface ServerProcess {
  readonly url: string;
  /** As `kill -9` does. */
  kill(): Promise<void>;
}

/** Starts a server; resolves once it listens. */
export async function startServerProcess(
  engine: "memory" | "embedded",
  file: string,
  port = 0,
): Promise<ServerProcess> {
  const child: ChildProcess = fork(serverProgram, [String(port), engine, file], {
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  const [url] = await Promise.race([once(child, "message"), ended]);
  if (typeof url !== "string") throw new Error(`the server ended with ${url}`);
  return {
    url,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** All buses and workers over one server; over several, each request goes to the next of them. */
export function httpAdapter(
  engine: "memory" | "embedded",
  declaration: Omit<Declaration, "name">,
  servers = 1,
): ContractAdapter {
  return {
    name: `http, before ${servers === 1 ? engine : `${servers} on ${engine}`}`,
    timeScale,
    ...declaration,
    prepare: async () => {
      const directory = await temporaryDirectory();
      const start = () => startServerProcess(engine, join(directory.path, "bus.db"));
      const started = await Promise.all(Array.from({ length: servers }, start));
      const [first] = started.map(({ url: own }) => own);
      const balancer = servers === 1 ? undefined : await roundRobin(started.map(({ url: own }) => own));
      const url = balancer?.url ?? first ?? "";
      return {
        recorder: fileRecorder(directory.path),
        connect: (options) => connect({ ...options, engine: "http", url, lease: leaseMs }),
        startWorker: async (names) => {
          const args = [directory.path, url, String(leaseMs), String(timeScale), ...names];
          const worker = await forkWorker(workerProgram, args);
          const killed = () => Promise.all(started.map((server) => serverHasSeen(server.url)));
          return {
            ...worker,
            kill: () =>
              worker
                .kill()
                .then(killed)
                .then(() => {}),
          };
        },
        close: async () => {
          await balancer?.close();
          await Promise.all(started.map((server) => server.kill()));
          await directory.remove();
        },
      };
    },
  };
}

/** The end of a connection has reached the server before these requests, which it handles one after the other. */
async function serverHasSeen(url: string): Promise<void> {
  for (let request = 0; request < 2; request += 1) await (await fetch(`${url}/healthz`)).text();
}
