/**
 * Measures the start-up of a Lambda function of Waggle against an empty handler with the same AWS clients, bundled in one file
 * as usual (`ratio`), and in several as Waggle bundles its functions (`split`): `npm run bench -- lambda [--runs 31]
 * [--json]`. Each bundle is imported by a new process, alternating with the others, so that a change in the speed of the
 * machine affects all alike. The result is the median; the ratio is the median of the ratios per round. Both are of processor
 * time.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { type Bundle, bundle, emptyHandler, entries, esbuildVersion, libraries, services } from "./bundles.ts";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "31" }, json: { type: "boolean", default: false } },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs must be an integer from 1, not ${values.runs}`);

/** Wall clock and processor time of one import, in milliseconds. */
const script = `
  const before = process.cpuUsage();
  const start = performance.now();
  await import(process.argv[1]);
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify([wall, (user + system) / 1000]));
`;

interface Measured extends Bundle {
  readonly name: string;
  readonly wall: number[];
  readonly cpu: number[];
}

const folder = await mkdtemp(join(tmpdir(), "waggle-bench-"));
try {
  const all: Measured[] = [];
  const add = async (name: string, text: string, oneFile?: boolean) => {
    const bundled = await bundle(text, join(folder, `${all.length}`), oneFile);
    all.push({ ...bundled, name, wall: [], cpu: [] });
  };
  await add("empty, in one file", emptyHandler, true);
  await add("empty", emptyHandler);
  for (const [name, text] of Object.entries({ ...entries, ...libraries, ...services })) await add(name, text);
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
  const [oneFile, split] = all;
  if (oneFile === undefined || split === undefined) return;
  const ratio = (cpu: readonly number[], of: Measured) =>
    median(cpu.map((ms, run) => ms / (of.cpu[run] ?? Number.NaN)));
  const rows = all.map(({ name, bytes, modules, wall, cpu }) => ({
    name,
    bytes,
    modules,
    importMs: median(wall),
    processorMs: median(cpu),
    ratio: ratio(cpu, oneFile),
    ratioSplit: ratio(cpu, split),
  }));
  if (values.json) {
    console.log(JSON.stringify({ benchmark: "lambda", runs, node: process.version, esbuild: esbuildVersion(), rows }));
    return;
  }
  console.log(`Node ${process.version}, esbuild ${esbuildVersion()}, ${runs} imports each, median`);
  const line = (name: string, ...cells: readonly string[]) =>
    console.log(`${name.padEnd(28)}${cells.map((cell) => cell.padStart(10)).join("")}`);
  line("", "KB", "modules", "import ms", "CPU ms", "ratio", "split");
  for (const { name, bytes, modules, importMs, processorMs, ratio, ratioSplit } of rows) {
    const ratios = [ratio.toFixed(2), ratioSplit.toFixed(2)];
    line(name, (bytes / 1024).toFixed(0), `${modules}`, importMs.toFixed(1), processorMs.toFixed(1), ...ratios);
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
