/**
 * Measures the events per second of CPU time that patterns route, with 10 to 10,000 rules of a platform, with 1,000 and 10,000
 * of each class and with 100,000 mixed, against AWS's own rule engine (Java), and what changing one of 10,000 rules or
 * subscriptions costs. `npm run bench -- patterns [--json] [--seconds 1] [--runs 1] [--class prefix] [--rules 1000]`. The peer
 * needs a JDK and Maven; without them only ours runs. `hostile-patterns` measures events made to be expensive.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { PatternIndex } from "../../lib/pattern/index.ts";
import { type ClassWorkload, classWorkloads } from "./classes.ts";
import { buildPeer, runPeer, whyNot } from "./peer.ts";
import { measureRouter } from "./router.ts";
import { type Workload, workload } from "./workload.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seconds: { type: "string", default: "1" },
    runs: { type: "string", default: "1" },
    class: { type: "string" },
    rules: { type: "string" },
  },
});
const seconds = Number(options.seconds);
const runs = Number(options.runs);
/** The JVM is as fast as it gets after some two seconds of its thread's CPU time. */
const peerWarmUp = Math.max(2 * seconds, Math.min(2, 4 * seconds));
const peer = buildPeer();
const print = (line: string) => {
  if (!options.json) console.log(line);
};

print(
  "events matched per second of CPU time of one thread; its: AWS's engine; several runs: medians of alternating ones",
);
print("text: from JSON text to names; parsed: from an event parsed before; parse: the whole JSON parsed, then matched");
if (!peer.ok) print(`without AWS's engine: ${peer.reason}`);
print(
  "rules                     matched  compile  change       text        its  ratio     parsed        its  ratio      parse      its  ratio",
);

const platform = [10, 100, 1_000, 10_000].map((rules) => ({ name: "platform", rules, load: () => workload(rules) }));
const results = [...platform, ...[1_000, 10_000, 100_000].flatMap(classWorkloads)]
  .filter(({ name }) => options.class === undefined || name === options.class)
  .filter(({ rules }) => options.rules === undefined || rules === Number(options.rules))
  .map(compare);

const routerChangeUs = measureRouter(cpuMs);
print(`one of 10,000 subscriptions removed and added, with two events routed: ${routerChangeUs.toFixed(0)} µs`);

if (options.json) {
  const skipped = peer.ok ? null : peer.reason;
  console.log(
    JSON.stringify({
      bench: "patterns",
      node: process.version,
      cores: availableParallelism(),
      skipped,
      routerChangeUs,
      results,
    }),
  );
}

function compare({ name, rules, load: make }: ClassWorkload) {
  const load = make();
  const skipped = peer.ok ? whyNot(load) : peer.reason;
  const rounds = Array.from({ length: runs }, () => {
    const ours = measure(load);
    const theirs = skipped === undefined ? runPeer(load, peerWarmUp, seconds) : undefined;
    if (theirs !== undefined && theirs.matched !== ours.matched) {
      throw new Error(`${rules} rules, ${name}: ours matched ${ours.matched}, AWS's engine ${theirs.matched}`);
    }
    return { ours, theirs };
  });
  const ours = medians(rounds.map((round) => round.ours));
  const theirs = medians(rounds.flatMap(({ theirs: one }) => (one === undefined ? [] : [one])));
  const ratioOf = (key: "fromText" | "parsed" | "withParse") =>
    ours === undefined || theirs === undefined ? undefined : ours[key] / theirs[key];
  const ratios = { fromText: ratioOf("fromText"), parsed: ratioOf("parsed"), withParse: ratioOf("withParse") };
  const rate = (value: number | undefined, width: number) =>
    (value === undefined ? "-" : Math.round(value).toLocaleString("en")).padStart(width);
  const ratio = (value: number | undefined) => (value?.toFixed(2) ?? "-").padStart(6);
  const columns = [
    `${String(rules).padStart(6)} ${name}`.padEnd(26),
    ((ours?.matched ?? 0) / load.events.length).toFixed(2).padStart(7),
    `${ours?.compileMs.toFixed(0)} ms`.padStart(8),
    `${ours?.changeUs.toFixed(0)} µs`.padStart(7),
    rate(ours?.fromText, 10),
    rate(theirs?.fromText, 10),
    ratio(ratios.fromText),
    rate(ours?.parsed, 10),
    rate(theirs?.parsed, 10),
    ratio(ratios.parsed),
    rate(ours?.withParse, 10),
    rate(theirs?.withParse, 8),
    ratio(ratios.withParse),
  ];
  print(columns.join(" "));
  if (peer.ok && skipped !== undefined) print(`       not compared: ${skipped}`);
  return { name, rules, ...ours, peer: theirs ?? null, skipped: skipped ?? null, ratios };
}

/** The median of each figure. */
function medians<Figures extends Readonly<Record<keyof Figures, number>>>(of: readonly Figures[]): Figures | undefined {
  const [first] = of;
  if (first === undefined) return undefined;
  const result = { ...first };
  for (const key in first) {
    const sorted = of.map((one) => one[key]).sort((one, other) => one - other);
    result[key] = sorted[sorted.length >> 1] ?? first[key];
  }
  return result;
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
  const fromText = rate(() => {
    for (const event of events) index.matchText(event);
  }, events.length);
  return { matched, compileMs, changeUs, fromText, withParse, parsed };
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

/** Returns events per second, after a warm-up of half the time: the best of five parts, as the peer. */
function rate(pass: () => void, events: number): number {
  repeat(pass, seconds * 500);
  const rates = Array.from({ length: 5 }, () => {
    const { passes, ms } = repeat(pass, seconds * 200);
    return (passes * events * 1_000) / ms;
  });
  return Math.max(...rates);
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
