import { type Finding, SimulationError, simulate } from "../../lib/sim/index.ts";
import type { Mutation } from "./mutants.ts";
import { workload } from "./workload.ts";

/** How a mutant was found. */
export interface Found {
  readonly seed: number;
  readonly runs: number;
  readonly ms: number;
  readonly finding: Finding;
}

/** Runs a mutant under one seed after the other until one finds it; undefined where none of them does. */
export async function findMutant(
  through: Mutation,
  {
    engine = "memory",
    from = 1,
    most = 20,
  }: { engine?: "memory" | "embedded" | "aws"; from?: number; most?: number } = {},
): Promise<Found | undefined> {
  const began = performance.now();
  for (let seed = from; seed < from + most; seed += 1) {
    try {
      await simulate({ ...workload({ engine, seed, events: 12, faults: 0.3 }), within: "1m", through });
    } catch (thrown) {
      if (!(thrown instanceof SimulationError)) throw thrown;
      const [finding] = thrown.result.findings;
      if (finding === undefined) throw thrown;
      return { seed, runs: seed - from + 1, ms: performance.now() - began, finding };
    }
  }
  return undefined;
}
