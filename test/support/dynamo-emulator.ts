import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { endsWithThis } from "./ends-with-this.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";

// A DynamoDB that nobody here wrote: dynoxide, one binary from the npm registry, fetched when a test first asks for it.
const emulator = "@dynoxide/linux-x64";
const version = "1.2.1";
const sha256 = "be909b7910d3fb552e85db10ef3c8ebae4bd35fee0f26dffdb6dfa5cc656426e";
const cache = new URL("../../node_modules/.cache/", import.meta.url).pathname;

/** Why the emulator cannot run here; undefined where it can. */
export const emulatorMissing =
  process.platform === "linux" && process.arch === "x64"
    ? undefined
    : `the DynamoDB emulator has no binary for ${process.platform} ${process.arch}`;

export interface Emulator {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Starts an emulator on a free port of the loopback address. It ends with this process and does not keep it alive. */
export async function startEmulator(): Promise<Emulator> {
  const binary = await fetchEmulator();
  for (;;) {
    // Others take ports at the same time: what was free may not be so any more.
    const started = await startOn(await freePort(), binary);
    if (started !== "port in use") return started;
  }
}

async function startOn(port: number, binary: string): Promise<Emulator | "port in use"> {
  const [shell, ...args] = endsWithThis([binary, "--host", "127.0.0.1", "--port", String(port)]);
  const server = spawn(shell, args, { stdio: ["pipe", "ignore", "pipe"] });
  let said = "";
  server.stderr.on("data", (chunk) => {
    said += String(chunk);
  });
  // Its pipes are read to their end by then.
  const exited = once(server, "close");
  const endpoint = `http://127.0.0.1:${port}`;
  const listens = new Promise<void>((resolve) => {
    server.stderr.on("data", () => {
      if (said.includes("listening on")) resolve();
    });
  });
  await Promise.race([listens, exited]);
  if (said.includes("already in use")) {
    server.stdin.end();
    return "port in use";
  }
  const ended = () => server.exitCode !== null || server.signalCode !== null;
  await eventually("the DynamoDB emulator answers", async () => {
    if (ended()) throw new Error(`it ended: ${said}`);
    await fetch(endpoint);
    return true;
  });
  for (const held of [server, server.stdin, server.stderr]) if (held === server || held instanceof Socket) held.unref();
  return {
    endpoint,
    stop: async () => {
      server.ref();
      server.stdin.end();
      await exited;
    },
  };
}

/** The path of the binary, fetched where it is not there. Several processes may do so at once: the first one's stays. */
export async function fetchEmulator(): Promise<string> {
  const folder = join(cache, `dynoxide-${version}`);
  const inside = join("node_modules", emulator, "dynoxide");
  const binary = join(folder, inside);
  if (await isWhole(binary)) return binary;
  await mkdir(cache, { recursive: true });
  const aside = await mkdtemp(join(cache, "dynoxide-"));
  try {
    await promisify(execFile)(
      "npm",
      [
        "install",
        "--prefix",
        aside,
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        `${emulator}@${version}`,
      ],
      { cwd: aside },
    );
    if (!(await isWhole(join(aside, inside)))) {
      throw new Error(`${emulator}@${version} is not the binary that these tests were written with (sha256 ${sha256})`);
    }
    await rename(aside, folder).catch(async (thrown: unknown) => {
      if (!(await isWhole(binary))) throw thrown;
    });
    return binary;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function isWhole(binary: string): Promise<boolean> {
  try {
    return (
      createHash("sha256")
        .update(await readFile(binary))
        .digest("hex") === sha256
    );
  } catch {
    return false;
  }
}
