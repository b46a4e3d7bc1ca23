// Simulations for as long as they are wanted, each under a seed of its own: npm run sim -- --minutes 10. With --events, one run of
// that size, whose ledger is printed.
import { parseArgs } from "node:util";
import { SimulationError, simulate } from "../lib/sim/index.ts";
import { findMutant } from "../test/sim/find-mutant.ts";
import { summarize } from "../test/sim/ledger-summary.ts";
import { mutants } from "../test/sim/mutants.ts";
import { workload } from "../test/sim/workload.ts";

const usage = `npm run sim -- [options]
  --minutes N    run for so long; default 1
  --seed N       run this seed alone, and print its trace where it finds something
  --from N       the first seed; default: a random one
  --engine E     memory, embedded or aws; default: each in turn
  --events N     one run of so many events, with its ledger
  --faults F     the share of what goes wrong, 0 to below 1; default: by the seed, 0 to 0.5
  --mutants      how soon each planted bug is found`;

const engines = ["memory", "embedded", "aws"] as const;
type EngineName = (typeof engines)[number];
/** Lines of the trace that a single seed prints. */
const tracedLines = 200;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string" },
    from: { type: "string" },
    engine: { type: "string" },
    events: { type: "string" },
    faults: { type: "string" },
    mutants: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** What a seed runs: all of it follows from the seed, unless it is said. */
function runOf(seed: number) {
  const engine = engines.find((name) => name === values.engine) ?? engines[seed % engines.length] ?? "memory";
  const events = number("events", values.events) ?? 10 + (seed % 7) * 10;
  const faults = number("faults", values.faults) ?? ([0, 0.1, 0.3, 0.5] as const)[Math.floor(seed / 3) % 4] ?? 0;
  return { engine, events, faults };
}

function number(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const read = Number(value);
  if (Number.isFinite(read) && read >= 0) return read;
  throw new Error(`--${name} must be a number from 0, not "${value}"\n${usage}`);
}

/** False where it found something, which is printed with how to run it again. */
async function run(seed: number, trace: boolean): Promise<number | false> {
  const { engine, events, faults } = runOf(seed);
  try {
    const result = await simulate(workload({ engine, seed, events, faults }));
    if (trace) {
      console.log(summarize(result.ledger, result.faults));
      console.log(
        `nothing was lost, and no promise broken, in ${Math.round(result.elapsedMs / 1000)} s of virtual time`,
      );
      console.log(`seed ${seed}, digest ${result.digest}`);
    }
    return result.ledger.length;
  } catch (thrown) {
    if (!(thrown instanceof SimulationError)) throw thrown;
    console.error(`\n${engine}, ${events} events, faults ${faults}: ${thrown.message}`);
    if (trace) console.error(thrown.result.trace.split("\n").slice(-tracedLines).join("\n"));
    console.error(`again: npm run sim -- --seed ${seed} --engine ${engine} --events ${events} --faults ${faults}`);
    return false;
  }
}

async function runFor(minutes: number): Promise<boolean> {
  let seed = number("from", values.from) ?? Math.floor(Math.random() * 2 ** 31);
  const until = performance.now() + minutes * 60_000;
  const counts = new Map<EngineName, number>();
  let [notes, failed, told, stopped] = [0, 0, performance.now(), false];
  const tell = () => {
    const of = [...counts].map(([engine, count]) => `${count} on ${engine}`).join(", ");
    console.error(`next seed ${seed}: ${of || "no runs"}; ${notes} notes, ${failed} runs with findings`);
  };
  process.once("SIGINT", () => {
    stopped = true;
  });
  console.error(`simulating for ${minutes} min from seed ${seed}`);
  for (; performance.now() < until && !stopped; seed += 1) {
    const { engine } = runOf(seed);
    const ran = await run(seed, false);
    counts.set(engine, (counts.get(engine) ?? 0) + 1);
    if (ran === false) failed += 1;
    else notes += ran;
    if (performance.now() - told < 10_000) continue;
    told = performance.now();
    tell();
  }
  tell();
  return failed === 0;
}

async function findMutants(): Promise<boolean> {
  let all = true;
  for (const [name, through] of Object.entries(mutants)) {
    const found = await findMutant(through, { most: 100 });
    all &&= found !== undefined;
    const how =
      found === undefined
        ? "NOT FOUND"
        : `seed ${found.seed}, ${found.runs} runs, ${Math.round(found.ms)} ms: ${found.finding.rule}`;
    console.log(`${name.padEnd(52)} ${how}`);
  }
  return all;
}

async function main(): Promise<boolean> {
  if (values.help) {
    console.log(usage);
    return true;
  }
  if (values.engine !== undefined && !engines.some((name) => name === values.engine)) {
    throw new Error(`there is no engine "${values.engine}" to simulate\n${usage}`);
  }
  if (values.mutants) return findMutants();
  const seed = number("seed", values.seed);
  if (seed !== undefined || values.events !== undefined) return (await run(seed ?? 1, true)) !== false;
  return runFor(number("minutes", values.minutes) ?? 1);
}

process.exitCode = (await main()) ? 0 : 1;
