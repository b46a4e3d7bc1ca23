/**
 * Measures the events per second that patterns route, with 10 to 10,000 rules, against AWS's own rule engine (Java).
 * `node bench/patterns/run.ts [--json] [--seconds 2]`. The peer needs a JDK and Maven; without them only ours runs.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { compilePatterns } from "../../lib/pattern/index.ts";
import { buildPeer, runPeer } from "./peer.ts";
import { type Workload, workload } from "./workload.ts";

const { values: options } = parseArgs({
  options: { json: { type: "boolean", default: false }, seconds: { type: "string", default: "2" } },
});
const seconds = Number(options.seconds);
const peer = buildPeer();
const print = (line: string) => {
  if (!options.json) console.log(line);
};

print("events matched per second on one thread; 750-byte events; parse: JSON.parse included");
if (!peer.ok) print(`without AWS's engine: ${peer.reason}`);
print("  rules  matched/event  compile    parsed    parse    AWS's engine, parse  ratio");

const results = [10, 100, 1_000, 10_000].map((rules) => {
  const load = workload(rules);
  const ours = measure(load);
  const theirs = peer.ok ? runPeer(load, seconds, seconds) : undefined;
  if (theirs !== undefined && theirs.matched !== ours.matched) {
    throw new Error(`${rules} rules: ours matched ${ours.matched}, AWS's engine ${theirs.matched}`);
  }
  const ratio = theirs === undefined ? undefined : ours.withParse / theirs.rate;
  const columns = [
    String(rules).padStart(7),
    (ours.matched / load.events.length).toFixed(2).padStart(14),
    `${ours.compileMs.toFixed(0)} ms`.padStart(8),
    Math.round(ours.parsed).toLocaleString("en").padStart(10),
    Math.round(ours.withParse).toLocaleString("en").padStart(8),
    (theirs === undefined ? "-" : Math.round(theirs.rate).toLocaleString("en")).padStart(20),
    (ratio === undefined ? "-" : ratio.toFixed(2)).padStart(6),
  ];
  print(columns.join(" "));
  return { rules, ...ours, peer: theirs ?? null, ratio: ratio ?? null };
});

if (options.json) {
  const skipped = peer.ok ? null : peer.reason;
  console.log(
    JSON.stringify({ bench: "patterns", node: process.version, cores: availableParallelism(), skipped, results }),
  );
}

function measure({ rules, events }: Workload) {
  const compileStart = performance.now();
  const match = compilePatterns(rules);
  const compileMs = performance.now() - compileStart;
  const objects = events.map((event): unknown => JSON.parse(event));
  const matched = objects.reduce<number>((sum, event) => sum + match(event).length, 0);
  const withParse = rate(() => {
    for (const event of events) match(JSON.parse(event));
  }, events.length);
  const parsed = rate(() => {
    for (const event of objects) match(event);
  }, events.length);
  return { matched, compileMs, withParse, parsed };
}

/** Returns events per second, after a warm-up of half the time. */
function rate(pass: () => void, events: number): number {
  repeat(pass, seconds * 500);
  const { passes, ms } = repeat(pass, seconds * 1_000);
  return (passes * events * 1_000) / ms;
}

function repeat(pass: () => void, minMs: number): { passes: number; ms: number } {
  const start = performance.now();
  let passes = 0;
  while (performance.now() - start < minMs) {
    pass();
    passes += 1;
  }
  return { passes, ms: performance.now() - start };
}
