/**
 * Measures what the middleware `tracing` costs per event on the memory engine, from publish to handled: without an SDK, where it does
 * nothing, and with one whose spans go nowhere. User CPU time, each case in processes of its own, alternating; the result is the median.
 * `node bench/telemetry/run.ts [--json] [--events 200000] [--runs 5]`
 */
import { execFile } from "node:child_process";
import { parseArgs, promisify } from "node:util";
import * as z from "zod";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    events: { type: "string", default: "200000" },
    runs: { type: "string", default: "5" },
  },
});
const execute = promisify(execFile);
const one = new URL("one.ts", import.meta.url).pathname;
const cases = {
  bare: "no middleware",
  idle: "a middleware that does nothing",
  tracing: "tracing, no SDK",
  sdk: "tracing, SDK",
} as const;

const costs: Record<string, number[]> = {};
for (let at = 0; at < Number(values.runs); at += 1) {
  for (const name of Object.keys(cases)) {
    const { stdout } = await execute(process.execPath, [one, name, values.events]);
    costs[name] ??= [];
    costs[name].push(z.number().parse(JSON.parse(stdout)));
  }
}

const median = (name: string) => {
  const sorted = costs[name]?.toSorted((less, more) => less - more) ?? [];
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
const rows = Object.entries(cases).map(([name, title]) => ({
  name,
  title,
  microseconds: median(name),
  ratio: median(name) / median("bare"),
}));
if (values.json) console.log(JSON.stringify({ rows, tracingToIdle: median("tracing") / median("idle") }));
else {
  console.log("user CPU per event, publish to handled");
  for (const { title, microseconds, ratio } of rows)
    console.log(`${title.padEnd(32)}${microseconds.toFixed(2).padStart(8)} µs${ratio.toFixed(2).padStart(8)}×`);
  console.log(
    `tracing without an SDK / a middleware that does nothing: ${(median("tracing") / median("idle")).toFixed(2)}×`,
  );
}
