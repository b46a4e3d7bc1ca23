import type { HandlerMiddleware } from "../delivery/middleware.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { currentProcess, type SimulatedProcess, type World } from "./world/world.ts";

/** How often what goes wrong; each a share from 0 to 1. */
export interface FaultRates {
  /**
   * Of the attempts of handlers: half of these throw before the handler runs, a fifth after it has run, a fifth run into their
   * timeout, and the others end their process. Default 0.
   */
  readonly handlers?: number;
  /** Of the calls of the engine's store or service: they fail before or after they have taken effect, or come late. Default 0. */
  readonly engine?: number;
  /** Of the virtual seconds of each process: it is killed in such a second, wherever it is. Default 0; never on `memory`. */
  readonly crashes?: number;
}

/** The longest that a handler takes beside what it does itself, in virtual milliseconds. */
const longestRunMs = 20;

/** What goes wrong in a simulation, and when. */
export class Faults {
  readonly #world: World;
  readonly #rates: Required<FaultRates>;
  readonly counts: Record<string, number> = {};
  /** Nothing goes wrong while this is false. */
  on = false;

  constructor(world: World, rates: Required<FaultRates>) {
    this.#world = world;
    this.#rates = rates;
  }

  /** Whether a call of the engine goes wrong now. */
  engine(what: string, share = 1): boolean {
    return this.#happens(this.#rates.engine * share, `engine: ${what}`);
  }

  get canCrash(): boolean {
    return this.#rates.crashes > 0;
  }

  /** Whether a process is killed within a virtual second. */
  crash(): boolean {
    return this.#happens(this.#rates.crashes, "crash");
  }

  /** Has attempts take time, and fail. `kill` ends the process that runs them. */
  handlers(process: SimulatedProcess, kill: (() => void) | undefined): HandlerMiddleware {
    const { random } = this.#world;
    return async (_event, { signal }, next) => {
      await process.sleep(random.between(0, longestRunMs));
      if (!this.#happens(this.#rates.handlers, "handler")) return next();
      const kind = random.next();
      if (kind < 0.5) throw new SimulatedError("the handler throws");
      if (kind < 0.7) {
        await next();
        throw new SimulatedError("the handler throws after its work");
      }
      if (kind < 0.9 || kill === undefined) {
        await abortOf(signal);
        // Some heed their signal, some do not.
        if (random.chance(0.5)) await process.sleep(random.between(0, 2_000));
        throw new SimulatedError("the handler was too late");
      }
      await next();
      await process.sleep(random.between(0, longestRunMs));
      kill();
      return new Promise(() => {});
    };
  }

  #happens(rate: number, what: string): boolean {
    if (!this.on || currentProcess.getStore()?.name === "outside" || !this.#world.random.chance(rate)) return false;
    this.counts[what] = (this.counts[what] ?? 0) + 1;
    this.#world.trace(`${currentProcess.getStore()?.name} fault ${what}`);
    return true;
  }
}

/** What fails in a simulation because the simulation says so. */
export class SimulatedError extends Error {
  override readonly name = "SimulatedError";
}

/** Rates of an option: a number stands for all kinds. `invalid_config`. */
export function faultRates(faults: number | FaultRates): Required<FaultRates> {
  const given = typeof faults === "number" ? { handlers: faults, engine: faults, crashes: faults / 10 } : { ...faults };
  const rates = { handlers: 0, engine: 0, crashes: 0, ...given };
  for (const [name, rate] of Object.entries(rates)) {
    if (typeof rate === "number" && rate >= 0 && rate < 1) continue;
    throw new BusError("invalid_config", `simulate: faults.${name} ${mustBe("a number from 0 to below 1", rate)}`);
  }
  return rates;
}

function abortOf(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
