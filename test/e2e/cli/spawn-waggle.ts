import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface SpawnOptions {
  env?: Record<string, string>;
  /** Options of node. */
  node?: readonly string[];
  /** Default: the build. */
  program?: "dist/bin/waggle.js" | "bin/waggle.ts";
}

/** Starts the built command as a process. Its stdin is open: end it if the command reads it. */
export function spawnWaggle(cwd: string, argv: readonly string[], options: SpawnOptions = {}) {
  const { PATH = "", HOME = "", NODE_COMPILE_CACHE = "" } = process.env;
  const inherited = { PATH, HOME, NODE_COMPILE_CACHE };
  const { node = [], program = "dist/bin/waggle.js" } = options;
  const child = spawn(process.execPath, [...node, join(root, program), ...argv], {
    cwd,
    env: { ...inherited, ...options.env },
  });
  const stdout = collected(child.stdout);
  const stderr = collected(child.stderr);
  // A command that does not read all its input closes the pipe.
  child.stdin.on("error", () => {});
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout: stdout.text, stderr: stderr.text }));
  });
  return { child, stdout, stderr, ended };
}

/** Runs the command to its end with the given stdin. */
export function waggle(cwd: string, argv: readonly string[], stdin = "", options: SpawnOptions = {}): Promise<Ended> {
  const { child, ended } = spawnWaggle(cwd, argv, options);
  child.stdin.end(stdin);
  return ended;
}

/** Parses NDJSON. */
export function parseLines(text: string): Record<string, unknown>[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line): Record<string, unknown> => JSON.parse(line));
}

function collected(stream: ChildProcessWithoutNullStreams["stdout"]) {
  const collected = {
    text: "",
    /** Resolves when the output contains the text; rejects if the stream ends before. */
    contains: (part: string) =>
      new Promise<void>((resolve, reject) => {
        const check = () => {
          if (collected.text.includes(part)) resolve();
        };
        check();
        stream.on("data", check);
        stream.on("end", () => reject(new Error(`ended without ${JSON.stringify(part)}: ${collected.text}`)));
      }),
  };
  stream.setEncoding("utf8").on("data", (text: string) => {
    collected.text += text;
  });
  return collected;
}
