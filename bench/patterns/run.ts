/**
 * Measures the events per second of CPU time that patterns route, with 10 to 10,000 rules of a platform and with 1,000 and
 * 10,000 of each class, against AWS's own rule engine (Java), and what changing one of 10,000 rules or subscriptions costs.
 * `node bench/patterns/run.ts [--json] [--seconds 2] [--class prefix] [--rules 1000]`. The peer needs a JDK and Maven; without
 * them only ours runs.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { PatternIndex } from "../../lib/pattern/index.ts";
import { classWorkloads } from "./classes.ts";
import { buildPeer, runPeer } from "./peer.ts";
import { measureRouter } from "./router.ts";
import { type Workload, workload } from "./workload.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seconds: { type: "string", default: "2" },
    class: { type: "string" },
    rules: { type: "string" },
  },
});
const seconds = Number(options.seconds);
const peer = buildPeer();
const print = (line: string) => {
  if (!options.json) console.log(line);
};

print("events matched per second of CPU time of one thread; its: AWS's engine");
print("parsed: before; parse: the whole JSON, then matched; text: it reads JSON and skips what no rule asks for");
if (!peer.ok) print(`without AWS's engine: ${peer.reason}`);
print(
  "rules                 matched  compile  change     parsed        its  ratio     parse      its  ratio   its text  ratio",
);

const platform = [10, 100, 1_000, 10_000].map((rules) => ({ name: "platform", rules, load: workload(rules) }));
const sizes = options.rules === undefined ? [1_000, 10_000] : [Number(options.rules)];
const ofOneClass = sizes.flatMap((rules) => classWorkloads(rules).map((one) => ({ ...one, rules })));
const results = [...platform, ...ofOneClass]
  .filter(({ name }) => options.class === undefined || name === options.class)
  .filter(({ rules }) => options.rules === undefined || rules === Number(options.rules))
  .map(({ name, rules, load }) => compare(name, rules, load));

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

function compare(name: string, rules: number, load: Workload) {
  const ours = measure(load);
  const theirs = peer.ok ? runPeer(load, seconds, seconds) : undefined;
  if (theirs !== undefined && theirs.matched !== ours.matched) {
    throw new Error(`${rules} rules, ${name}: ours matched ${ours.matched}, AWS's engine ${theirs.matched}`);
  }
  const ratios = {
    parsed: theirs && ours.parsed / theirs.parsed,
    withParse: theirs && ours.withParse / theirs.withParse,
    fromText: theirs && ours.withParse / theirs.fromText,
  };
  const rate = (value: number | undefined, width: number) =>
    (value === undefined ? "-" : Math.round(value).toLocaleString("en")).padStart(width);
  const ratio = (value: number | undefined) => (value?.toFixed(2) ?? "-").padStart(6);
  const columns = [
    `${String(rules).padStart(6)} ${name}`.padEnd(22),
    (ours.matched / load.events.length).toFixed(2).padStart(7),
    `${ours.compileMs.toFixed(0)} ms`.padStart(8),
    `${ours.changeUs.toFixed(0)} µs`.padStart(7),
    rate(ours.parsed, 10),
    rate(theirs?.parsed, 10),
    ratio(ratios.parsed),
    rate(ours.withParse, 9),
    rate(theirs?.withParse, 8),
    ratio(ratios.withParse),
    rate(theirs?.fromText, 10),
    ratio(ratios.fromText),
  ];
  print(columns.join(" "));
  return { name, rules, ...ours, peer: theirs ?? null, ratios };
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
