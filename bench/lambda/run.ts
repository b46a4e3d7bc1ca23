/**
 * What a Lambda function of Waggle costs at its start, against an empty handler with the same AWS clients:
 * `npm run bench -- lambda [--runs 31] [--json]`. Each bundle is imported by a new process, in turns, so that a change of the
 * machine's pace meets all alike; the figure is the median, and the ratio the median of the ratios of one round.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { bundle, entries, esbuildVersion, libraries, services } from "./bundles.ts";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "31" }, json: { type: "boolean", default: false } },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs is ${values.runs}; give an integer from 1`);

/** Wall clock and processor time of one import, in milliseconds. */
const script = `
  const before = process.cpuUsage();
  const start = performance.now();
  await import(process.argv[1]);
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify([wall, (user + system) / 1000]));
`;

interface Measured {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly wall: number[];
  readonly cpu: number[];
}

const folder = await mkdtemp(join(tmpdir(), "waggle-bench-"));
try {
  const all: Measured[] = [];
  for (const [name, text] of Object.entries({ ...entries, ...libraries, ...services })) {
    const file = join(folder, `${all.length}.mjs`);
    all.push({ name, file, bytes: await bundle(text, file), wall: [], cpu: [] });
  }
  for (let run = 0; run < runs; run += 1) {
    for (const { file, wall, cpu } of all) {
      const [wallMs, cpuMs] = await importOnce(file);
      wall.push(wallMs);
      cpu.push(cpuMs);
    }
  }
  report(all);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function importOnce(file: string): Promise<[number, number]> {
  const env = { ...process.env, NODE_OPTIONS: "", AWS_REGION: "us-east-1" };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script, file], { env });
  const read: unknown = JSON.parse(stdout);
  if (!Array.isArray(read)) throw new Error(`the import of ${file} printed ${stdout}`);
  return [Number(read[0]), Number(read[1])];
}

function report(all: readonly Measured[]): void {
  const [empty] = all;
  if (empty === undefined) return;
  const rows = all.map(({ name, bytes, wall, cpu }) => ({
    name,
    bytes,
    importMs: median(wall),
    processorMs: median(cpu),
    /** Of wall clock and of processor time, to the empty handler of the same round. */
    ratio: median(wall.map((ms, run) => ms / (empty.wall[run] ?? Number.NaN))),
    processorRatio: median(cpu.map((ms, run) => ms / (empty.cpu[run] ?? Number.NaN))),
  }));
  if (values.json) {
    console.log(JSON.stringify({ benchmark: "lambda", runs, node: process.version, esbuild: esbuildVersion(), rows }));
    return;
  }
  console.log(`Node ${process.version}, esbuild ${esbuildVersion()}, ${runs} imports each, median`);
  console.log(
    `${"".padEnd(28)}${"KB".padStart(7)}${"import ms".padStart(11)}${"ratio".padStart(8)}${"CPU ms".padStart(9)}${"ratio".padStart(8)}`,
  );
  for (const { name, bytes, importMs, processorMs, ratio, processorRatio } of rows) {
    console.log(
      `${name.padEnd(28)}${(bytes / 1024).toFixed(0).padStart(7)}${importMs.toFixed(1).padStart(11)}` +
        `${ratio.toFixed(2).padStart(8)}${processorMs.toFixed(1).padStart(9)}${processorRatio.toFixed(2).padStart(8)}`,
    );
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
