/**
 * Measures the events per second that patterns route, with 10 to 10,000 rules of a platform and with 1,000 and 10,000 of each
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

print("events matched per second on one thread; 750-byte events; parse: JSON.parse included");
if (!peer.ok) print(`without AWS's engine: ${peer.reason}`);
print("rules                  matched/event   compile  change    parsed    parse    AWS's engine, parse  ratio");

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
  const columns = [
    `${String(rules).padStart(6)} ${name}`.padEnd(22),
    (ours.matched / load.events.length).toFixed(2).padStart(13),
    `${ours.compileMs.toFixed(0)} ms`.padStart(9),
    `${ours.changeUs.toFixed(0)} µs`.padStart(7),
    Math.round(ours.parsed).toLocaleString("en").padStart(9),
    Math.round(ours.withParse).toLocaleString("en").padStart(8),
    (theirs === undefined ? "-" : Math.round(theirs.rate).toLocaleString("en")).padStart(20),
    (ratio === undefined ? "-" : ratio.toFixed(2)).padStart(6),
  ];
  print(columns.join(" "));
  return { name, rules, ...ours, peer: theirs ?? null, ratio: ratio ?? null };
}

function measure({ rules, events }: Workload) {
  const compileStart = performance.now();
  const index = new PatternIndex<string>();
  const entries = Object.entries(rules);
  for (const [name, rule] of entries) index.add(name, rule);
  const compileMs = performance.now() - compileStart;
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
  const start = performance.now();
  for (let change = 0; change < changes; change += 1) {
    const [name, rule] = entries[(change * 7_919) % entries.length] ?? ["", {}];
    index.delete(name);
    index.add(name, rule);
  }
  return ((performance.now() - start) * 1_000) / changes;
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
