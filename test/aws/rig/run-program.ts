import { spawn } from "node:child_process";
import { BusError } from "../../../lib/error/bus-error.ts";

/** What to do when a program fails: the end of what it said is in the message. */
const tailLines = 60;

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Told of each line as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Runs a program to its end and gives what it wrote to stdout; rejects with the end of all it said where it fails. */
export async function runProgram(file: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { cwd, env, signal, onLine } = options;
  const child = spawn(file, args, {
    stdio: ["ignore", "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    ...(signal === undefined ? {} : { signal }),
  });
  let stdout = "";
  let all = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    all += text;
    for (const line of text.split("\n")) if (line.trim() !== "") onLine?.(line.trimEnd());
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    all += text;
    for (const line of text.split("\n")) if (line.trim() !== "") onLine?.(line.trimEnd());
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code === 0) return stdout;
  const tail = all.trimEnd().split("\n").slice(-tailLines).join("\n");
  throw new BusError("unavailable", `${[file, ...args].join(" ")} ended with ${code}:\n${tail}`);
}
