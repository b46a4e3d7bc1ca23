import type { Engine, EngineContext } from "../../engine/engine.ts";
import type { Faults } from "../faults.ts";
import type { SimulatedProcess, World } from "../world/world.ts";

/** What holds the bus of a simulation: its processes open engines on it. */
export interface Place {
  /** Whether several processes can use it, and one that crashes finds what it left. */
  readonly survives: boolean;
  /** Whether `ordered` goes by acceptance. */
  readonly keepsOrder: boolean;
  /** Who shares `concurrency`. */
  readonly concurrency: "all" | "process";
  /** Opens an engine for a process. */
  open(process: SimulatedProcess, context: EngineContext): Promise<Engine>;
  /** Whether nothing is under way, as far as an engine cannot say it. */
  quiet(): boolean;
  /** Removes what it kept. */
  remove(): void;
}

/** Makes a place for one simulation. */
export type MakePlace = (world: World, faults: Faults) => Promise<Place>;
