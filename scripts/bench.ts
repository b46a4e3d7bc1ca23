// Runs the benchmarks, one after another: `npm run bench -- [name...] [--json and what a benchmark takes]`.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../bench/", import.meta.url));
const all = readdirSync(folder).filter((name) => existsSync(join(folder, name, "run.ts")));

const args = process.argv.slice(2);
const firstOption = args.findIndex((arg) => arg.startsWith("-"));
const names = firstOption < 0 ? args : args.slice(0, firstOption);
const unknown = names.find((name) => !all.includes(name));
if (unknown !== undefined) {
  console.error(`there is no benchmark ${JSON.stringify(unknown)}; there are ${all.join(", ")}`);
  process.exit(2);
}

for (const name of names.length > 0 ? names : all) {
  // With --json, stdout is for programs.
  console.error(`\n${name}`);
  const run = join(folder, name, "run.ts");
  const { status } = spawnSync(process.execPath, [run, ...args.slice(names.length)], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
