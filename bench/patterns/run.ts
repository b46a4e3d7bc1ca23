/**
 * Measures the events per second of CPU time that patterns route, with 10 to 10,000 rules of a platform and with 1,000 and 10,000 of each
 * class, against AWS's own rule engine (Java), and what changing one of 10,000 rules costs.
 * `node bench/patterns/run.ts [--json] [--seconds 2] [--class prefix]`. The peer needs a JDK and Maven; without them only ours
 * runs.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { PatternIndex } from "../../lib/pattern/index.ts";
import { classWorkloads } from "./classes.ts";
import { buildPeer, runPeer } from "./peer.ts";
import { type Workload, workload } from "./workload.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seconds: { type: "string", default: "2" },
    class: { type: "string" },
  },
});
const seconds = Number(options.seconds);
const peer = buildPeer();
const print = (line: string) => {
  if (!options.json) console.log(line);
};

print("events matched per second of CPU time of one thread; its: AWS's engine; parse: JSON parsing included");
if (!peer.ok) print(`without AWS's engine: ${peer.reason}`);
print("rules                 matched  compile  change     parsed  its, same  ratio     parse  its, same  ratio");

const platform = [10, 100, 1_000, 10_000].map((rules) => ({ name: "platform", rules, load: workload(rules) }));
const ofOneClass = [1_000, 10_000].flatMap((rules) => classWorkloads(rules).map((one) => ({ ...one, rules })));
const results = [...platform, ...ofOneClass]
  .filter(({ name }) => options.class === undefined || name === options.class)
  .map(({ name, rules, load }) => compare(name, rules, load));

if (options.json) {
  const skipped = peer.ok ? null : peer.reason;
  console.log(
    JSON.stringify({ bench: "patterns", node: process.version, cores: availableParallelism(), skipped, results }),
  );
}

function compare(name: string, rules: number, load: Workload) {
  const ours = measure(load);
  const theirs = peer.ok ? runPeer(load, seconds, seconds) : undefined;
  if (theirs !== undefined && theirs.matched !== ours.matched) {
    throw new Error(`${rules} rules, ${name}: ours matched ${ours.matched}, AWS's engine ${theirs.matched}`);
  }
  const ratio = theirs === undefined ? undefined : ours.withParse / theirs.rate;
  const parsedRatio = theirs === undefined ? undefined : ours.parsed / theirs.parsed;
  const shown = (value: number | undefined) => (value === undefined ? "-" : Math.round(value).toLocaleString("en"));
  const columns = [
    `${String(rules).padStart(6)} ${name}`.padEnd(22),
    (ours.matched / load.events.length).toFixed(2).padStart(7),
    `${ours.compileMs.toFixed(0)} ms`.padStart(8),
    `${ours.changeUs.toFixed(0)} µs`.padStart(7),
    shown(ours.parsed).padStart(10),
    shown(theirs?.parsed).padStart(10),
    (parsedRatio?.toFixed(2) ?? "-").padStart(6),
    shown(ours.withParse).padStart(9),
    shown(theirs?.rate).padStart(9),
    (ratio?.toFixed(2) ?? "-").padStart(6),
  ];
  print(columns.join(" "));
  return { name, rules, ...ours, peer: theirs ?? null, ratio: ratio ?? null, parsedRatio: parsedRatio ?? null };
}

function measure({ rules, events }: Workload) {
  const compileStart = cpuMs();
  const index = new PatternIndex<string>();
  const entries = Object.entries(rules);
  for (const [name, rule] of entries) index.add(name, rule);
  const compileMs = cpuMs() - compileStart;
  const changeUs = measureChange(index, entries);
  const match = (event: unknown) => index.match(event);
  const objects = events.map((event): unknown => JSON.parse(event));
  const matched = objects.reduce<number>((sum, event) => sum + match(event).length, 0);
  const withParse = rate(() => {
    for (const event of events) match(JSON.parse(event));
  }, events.length);
  const parsed = rate(() => {
    for (const event of objects) match(event);
  }, events.length);
  return { matched, compileMs, changeUs, withParse, parsed };
}

/** Returns the microseconds in which one rule is removed and added again. */
function measureChange(index: PatternIndex<string>, entries: readonly (readonly [string, unknown])[]): number {
  const changes = 1_000;
  const start = cpuMs();
  for (let change = 0; change < changes; change += 1) {
    const [name, rule] = entries[(change * 7_919) % entries.length] ?? ["", {}];
    index.delete(name);
    index.add(name, rule);
  }
  return ((cpuMs() - start) * 1_000) / changes;
}

/** Returns events per second, after a warm-up of half the time. */
function rate(pass: () => void, events: number): number {
  repeat(pass, seconds * 500);
  const { passes, ms } = repeat(pass, seconds * 1_000);
  return (passes * events * 1_000) / ms;
}

function repeat(pass: () => void, minMs: number): { passes: number; ms: number } {
  const start = cpuMs();
  let passes = 0;
  let ms = 0;
  while (ms < minMs) {
    pass();
    passes += 1;
    ms = cpuMs() - start;
  }
  return { passes, ms };
}

/** The CPU time of this thread, as the peer measures it: other work on the machine changes it less than the clock. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
