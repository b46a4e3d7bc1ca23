import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** How a run of a program ended. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/**
 * Starts a script, by its path from the project's folder or absolute, with this checkout's build for `wagglebus`, wherever it lies.
 * `onLine` sees each line of stdout as it comes.
 */
export function startNode(
  cwd: string,
  script: string,
  args: readonly string[],
  onLine: (line: string) => void = () => {},
): { ended: Promise<Ended>; kill: (signal: NodeJS.Signals) => void } {
  const { npm_lifecycle_event: _, ...env } = process.env;
  const build = join(root, "test/support/run-from-build.mjs");
  const child = spawn(process.execPath, ["--import", build, resolve(root, script), ...args], {
    cwd,
    env: { ...env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    stdout += `${line}\n`;
    onLine(line);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { ended, kill: (signal) => child.kill(signal) };
}
