/**
 * Measures the memory engine, from publish to handled, against abxbus (the nearest peer in TypeScript) and emittery behind a
 * zod parse. Each runs in its own process, alternating with the others; the result is the median of `runs` processes.
 * `node bench/memory/run.ts [--json] [--events 200000] [--runs 3]`
 */
import { execFile } from "node:child_process";
import { parseArgs, promisify } from "node:util";
import * as z from "zod";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    events: { type: "string", default: "200000" },
    runs: { type: "string", default: "3" },
  },
});
const events = Number(values.events);
const runs = Number(values.runs);
const print = (line: string) => {
  if (!values.json) console.log(line);
};
const execute = promisify(execFile);
const one = new URL("one.ts", import.meta.url).pathname;

const names = ["waggle", "abxbus", "emittery"] as const;
type Rates = Record<(typeof names)[number], number>;

/** Returns the events per second of each contender. abxbus, the slowest, gets fewer events. */
async function compare(subscriptions: number, mode: string): Promise<Rates> {
  const rates: Record<(typeof names)[number], number[]> = { waggle: [], abxbus: [], emittery: [] };
  for (let at = 0; at < runs; at += 1) {
    for (const name of names) {
      const count = name === "abxbus" ? Math.ceil(events / 20) : events;
      const { stdout } = await execute(process.execPath, [one, name, String(subscriptions), mode, String(count)]);
      rates[name].push(z.number().parse(JSON.parse(stdout)));
    }
  }
  return { waggle: median(rates.waggle), abxbus: median(rates.abxbus), emittery: median(rates.emittery) };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((less, more) => less - more)[Math.floor(numbers.length / 2)] ?? 0;
}

const perSecond = (value: number) => Math.round(value).toLocaleString("en").padStart(11);

print("events per second, publish to handled; up to 3 subscriptions match");
print("subscriptions  mode          waggle     abxbus   emittery  ×abxbus  ×emittery");
const rows = [];
const rateOf: Record<string, number> = {};
for (const subscriptions of [1, 3, 10, 100, 10_000]) {
  for (const mode of ["serial", "parallel"]) {
    const rates = await compare(subscriptions, mode);
    const { waggle, abxbus, emittery } = rates;
    const ratio = { abxbus: waggle / abxbus, emittery: waggle / emittery };
    rows.push({ subscriptions, mode, ...rates, ratio });
    rateOf[`${mode} ${subscriptions}`] = waggle;
    print(
      `${String(subscriptions).padStart(13)}  ${mode.padEnd(8)}${perSecond(waggle)}${perSecond(abxbus)}${perSecond(emittery)}` +
        `${ratio.abxbus.toFixed(1).padStart(9)}${ratio.emittery.toFixed(2).padStart(11)}`,
    );
  }
}
const scaling = (mode: string) => (rateOf[`${mode} 10000`] ?? 0) / (rateOf[`${mode} 10`] ?? 1);
const tenThousandToTen = { serial: scaling("serial"), parallel: scaling("parallel") };
print(
  `10,000 subscriptions compared with 10: ${tenThousandToTen.serial.toFixed(2)} serial, ${tenThousandToTen.parallel.toFixed(2)} parallel`,
);
if (values.json) {
  console.log(JSON.stringify({ bench: "memory", node: process.version, events, runs, rows, tenThousandToTen }));
}
