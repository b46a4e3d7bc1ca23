/**
 * Runs the benchmarks one after another, each in its own process: `npm run bench -- [NAME] [--quick] [--json]`. With NAME it
 * runs only that benchmark, which then accepts its own options too. --json prints one object per benchmark and line.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

/** Options for a short run, to check that a benchmark works; its figures are not meaningful. */
const quick: Readonly<Record<string, readonly string[]>> = {
  memory: ["--events", "20000", "--runs", "1"],
  embedded: ["--events", "5000", "--stored", "20000", "--seconds", "2"],
  postgres: ["--events", "1000", "--runs", "1", "--seconds", "2"],
  patterns: ["--seconds", "0.2"],
  http: ["--events", "5000", "--seconds", "1"],
  cost: ["--events", "500"],
  "aws-publish": ["--events", "20000", "--rounds", "1"],
  "aws-faults": ["--events", "5000"],
  lambda: ["--runs", "3"],
  kafka: ["--events", "5000", "--rounds", "1"],
};
const all = Object.keys(quick);

const [first, ...rest] = process.argv.slice(2);
const named = first !== undefined && !first.startsWith("-");
const given = named ? rest : process.argv.slice(2);
const names = named ? [first] : all;
const options = given.filter((argument) => argument !== "--quick");
const problem = usageProblem();
if (problem !== undefined) {
  console.error(`${problem}\nnpm run bench -- [${all.join(" | ")}] [--quick] [--json]`);
  process.exit(2);
}

for (const name of names) {
  if (!options.includes("--json")) console.log(`\n== ${name}`);
  const short = given.includes("--quick") ? (quick[name] ?? []) : [];
  const script = new URL(`${name}/run.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, [script, ...short, ...options], { stdio: "inherit" });
  const [code, signal] = await once(child, "exit");
  if (code !== 0) {
    console.error(`benchmark ${name} ended with ${signal ?? code}`);
    process.exitCode = 1;
  }
}

function usageProblem(): string | undefined {
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined)
    return `unknown benchmark ${JSON.stringify(unknown)}; the benchmarks are ${all.join(", ")}`;
  const specific = named ? undefined : options.find((option) => option !== "--json");
  return specific === undefined ? undefined : `${specific} is an option of a single benchmark; name the benchmark`;
}
