import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { environment } from "../setup.mjs";

const started = performance.now();

/** Says what has been shown, and after how long. */
export function report(line: string): void {
  console.log(`${line} (at ${Math.round((performance.now() - started) / 1_000)} s)`);
}

/** Runs a program and gives what it wrote to stdout. If it fails, all that it said is shown. */
export async function run(cwd: string, file: string, args: readonly string[], env = environment): Promise<string> {
  const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
  const [stdout, [status, signal]] = await Promise.all([text(child.stdout), once(child, "close")]);
  if (status === 0) return stdout;
  process.stderr.write(stdout);
  throw new Error(`${file} ${args.join(" ")} in ${cwd} ended with ${signal ?? status}`);
}

/** Installs packages of the registry, or tarballs, beside what the folder has. */
export async function npmInstall(folder: string, packages: readonly string[]): Promise<void> {
  await run(folder, "npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...packages]);
}
