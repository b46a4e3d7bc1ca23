import type { Bus } from "../bus/bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import type { Engine, EngineFactory } from "../engine/engine.ts";
import { BusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import { mustBe } from "../error/must-be.ts";
import type { Catalog } from "../event/catalog.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import { checkCallOptions } from "../runtime/call-options.ts";
import { memoryPlace } from "./engines/memory.ts";
import type { MakePlace } from "./engines/place.ts";
import { type FaultRates, Faults, faultRates } from "./faults.ts";
import type { Finding } from "./ledger/finding.ts";
import { checkHistory } from "./ledger/history-check.ts";
import type { Ledger } from "./ledger/note.ts";
import { Simulation } from "./simulation.ts";
import { simulateBuiltins } from "./world/builtins.ts";
import { World } from "./world/world.ts";

/** What {@link simulate} runs, and under which conditions. */
export interface SimulateOptions<Events = RegisteredEvents> {
  /**
   * Subscribes the handlers: the program that is tested. It runs in each process, and again whenever one has crashed; `process`
   * names it, `p1`, or `p1#2` after its first crash.
   */
  setup(bus: Bus<Events>, process: string): unknown;
  /** What happens to the program: publishes, waits. It runs once, outside of its processes, and meets no faults. */
  steps(bus: Bus<Events>): unknown;
  /** What must hold in the end, when nothing is under way and before the buses close; throws where it does not. */
  check?(bus: Bus<Events>): unknown;
  /**
   * `memory` (default), `embedded` on a file in memory, or `aws`: the aws engine on a model of EventBridge, SQS and DynamoDB that
   * delays, doubles and reorders. Or an engine of your own, which must keep to the context that it is given.
   */
  engine?: "memory" | "embedded" | "aws" | EngineFactory;
  /** An integer from 0; the same seed gives the same run. Default 1. */
  seed?: number;
  /** How many seeds are run, from `seed` on; default 1. It ends with the first one that finds something. */
  runs?: number;
  /** Processes that run `setup`, 1 to 100; default 2, and always 1 on `memory` and on an engine of your own. */
  processes?: number;
  /** Shares of what goes wrong, from 0 to below 1; a number stands for all kinds. Default 0. */
  faults?: number | FaultRates;
  /** Virtual time after the steps within which all that is under way must end; default 1 day. */
  within?: Duration;
  /** Default: the standard catalog. */
  catalog?: Catalog<Events>;
  /** Puts something between each bus and its engine, such as a bug that the check must find. */
  through?(engine: Engine): Engine;
}

/** What became of a run. */
export interface SimulationResult {
  /** The seed of the last run. */
  readonly seed: number;
  /** Runs that were made. */
  readonly runs: number;
  /** What was broken; empty in what `simulate` resolves with. */
  readonly findings: readonly Finding[];
  /** What happened, in order. */
  readonly ledger: Ledger;
  /** The same as text, with the faults, a line each; the same seed gives the same text. */
  readonly trace: string;
  /** SHA-256 of the trace and of each turn of each process. */
  readonly digest: string;
  /** Virtual milliseconds that the run took. */
  readonly elapsedMs: number;
  /** How often each kind of fault happened. */
  readonly faults: Readonly<Record<string, number>>;
}

/** A run broke a promise, or its steps or its check threw. */
export class SimulationError extends Error {
  /** `SimulationError`. */
  override readonly name = "SimulationError";
  /** The run. */
  readonly result: SimulationResult;

  constructor(result: SimulationResult, what: string, options?: ErrorOptions) {
    super(`seed ${result.seed}: ${what}\nReplay it with \`seed: ${result.seed}\`.`, options);
    this.result = result;
  }
}

/** Findings that a message tells. */
const mostTold = 5;

const optionNames = [
  "setup",
  "steps",
  "check",
  "engine",
  "seed",
  "runs",
  "processes",
  "faults",
  "within",
  "catalog",
  "through",
] as const satisfies (keyof SimulateOptions)[];

let running = false;

/**
 * Runs a program on a bus under one seed, which decides time, ids, randomness, the order of what happens at once, crashes and
 * faults, and judges what happened by {@link checkHistory}. Time is virtual: hours take no time. While it runs, `Date`, timers,
 * `Math.random` and the random values of `node:crypto` within the program are the simulation's; nothing else of the process is
 * touched. Files, sockets and worker threads are not simulated.
 *
 * Rejects with a {@link SimulationError} that has the seed where a promise was broken, or where the steps or the check threw;
 * with `invalid_config` for a wrong option, and while another simulation runs in this process.
 */
export async function simulate<Events = RegisteredEvents>(options: SimulateOptions<Events>): Promise<SimulationResult> {
  const { seed = 1, runs = 1 } = checked(options);
  if (running) {
    throw new BusError(
      "invalid_config",
      "simulate: one simulation at a time can run in a process; await the other first",
    );
  }
  running = true;
  try {
    for (let run = 1; ; run += 1) {
      const result = await simulateOnce(options, seed + run - 1, run);
      if (run === runs) return result;
    }
  } finally {
    running = false;
  }
}

async function simulateOnce<Events>(options: SimulateOptions<Events>, seed: number, runs: number) {
  const { engine = "memory", faults: rates = 0, within = "1d", setup, steps, check, catalog, through } = options;
  const world = new World(seed);
  const faults = new Faults(world, faultRates(rates));
  const restore = simulateBuiltins();
  try {
    const place = await (await placeOf(engine))(world, faults);
    const simulation = new Simulation<Events>(world, place, faults, {
      setup,
      steps,
      processes: place.survives ? (options.processes ?? 2) : 1,
      limitMs: parseDuration(within, "within"),
      ...(check === undefined ? {} : { check }),
      ...(catalog === undefined ? {} : { catalog }),
      ...(through === undefined ? {} : { through }),
    });
    let failure: { thrown: unknown } | undefined;
    try {
      await simulation.run();
    } catch (thrown) {
      failure = { thrown };
    } finally {
      place.remove();
    }
    const findings =
      failure === undefined
        ? [
            ...simulation.unsettled,
            ...checkHistory(simulation.ledger, {
              order: place.keepsOrder ? simulation.order : false,
              history: simulation.order,
              concurrency: place.concurrency,
            }),
          ]
        : [];
    const result: SimulationResult = {
      seed,
      runs,
      findings,
      ledger: simulation.ledger,
      trace: world.lines().join("\n"),
      digest: world.digest(),
      elapsedMs: world.now() - world.startedAt,
      faults: faults.counts,
    };
    if (failure !== undefined) throw new SimulationError(result, messageOf(failure.thrown), { cause: failure.thrown });
    if (findings.length > 0) throw new SimulationError(result, told(findings));
    return result;
  } finally {
    restore();
  }
}

async function placeOf(engine: NonNullable<SimulateOptions["engine"]>): Promise<MakePlace> {
  if (typeof engine === "function") return async (world, faults) => memoryPlace(world, faults, engine);
  if (engine === "memory") return async (world, faults) => memoryPlace(world, faults);
  if (engine === "embedded") return (await import("./engines/embedded.ts")).embeddedPlace;
  return (await import("./aws/place.ts")).awsPlace;
}

function told(findings: readonly Finding[]): string {
  const some = findings.slice(0, mostTold).map(({ rule, message }) => `${rule}: ${message}`);
  const others = findings.length - some.length;
  return [...some, ...(others > 0 ? [`and ${others} more`] : [])].join("\n");
}

function checked<Events>(options: SimulateOptions<Events>): SimulateOptions<Events> {
  checkCallOptions("simulate", options, optionNames);
  const { engine = "memory", processes = 1, runs = 1, seed = 1, setup, steps } = options;
  const refuse = (name: string, what: string, value: unknown) => {
    throw new BusError("invalid_config", `simulate: ${name} ${mustBe(what, value)}`);
  };
  if (typeof setup !== "function") refuse("setup", "a function that subscribes handlers", setup);
  if (typeof steps !== "function") refuse("steps", "a function that publishes", steps);
  if (typeof engine !== "function" && !["memory", "embedded", "aws"].includes(engine)) {
    refuse("engine", '"memory", "embedded", "aws" or a function', engine);
  }
  if (!Number.isSafeInteger(seed) || seed < 0) refuse("seed", "an integer from 0 to 2^53", seed);
  if (!Number.isSafeInteger(runs) || runs < 1) refuse("runs", "an integer of at least 1", runs);
  if (!Number.isInteger(processes) || processes < 1 || processes > 100)
    refuse("processes", "an integer from 1 to 100", processes);
  return options;
}
