import type { Engine, EngineContext } from "../../engine/engine.ts";
import type { Entry } from "../../engine/event-log.ts";
import { MemoryEngine } from "../../engines/memory/index.ts";
import { BusError } from "../../error/bus-error.ts";
import type { Faults } from "../faults.ts";
import { replaceMethods } from "../replace-methods.ts";
import type { SimulatedProcess, World } from "../world/world.ts";
import type { Place } from "./place.ts";

/** The longest that a publish takes, in virtual milliseconds. */
const longestAppendMs = 3;

/** Events that history keeps: more than a simulation publishes. */
const keep = 1_000_000;

/** The memory engine. All processes of a simulation on it are one: none of them can crash. */
export function memoryPlace(
  world: World,
  faults: Faults,
  make?: (context: EngineContext) => Engine | Promise<Engine>,
): Place {
  let engine: Promise<Engine> | undefined;
  return {
    survives: false,
    keepsOrder: true,
    concurrency: "all",
    open: async (process, context) => {
      engine ??= Promise.resolve(make?.(context) ?? new MemoryEngine({ ...context, keep }));
      return withFaults(await engine, process, world, faults);
    },
    quiet: () => true,
    remove: () => {},
  };
}

function withFaults(engine: Engine, process: SimulatedProcess, world: World, faults: Faults): Engine {
  const { log } = engine;
  const append = async (entry: Entry) => {
    await process.sleep(world.random.between(0, longestAppendMs));
    if (faults.engine("append", 0.5)) throw unavailable("the publish did not arrive");
    const appended = await log.append(entry);
    if (faults.engine("answer of append", 0.5)) throw unavailable("the answer to the publish was lost");
    return appended;
  };
  return replaceMethods(engine, { log: replaceMethods(log, { append }) });
}

function unavailable(what: string): BusError {
  return new BusError("unavailable", `simulated: ${what}`);
}
