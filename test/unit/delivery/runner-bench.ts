import { standardCatalog } from "../../../lib/catalog/index.ts";
import type { BusError } from "../../../lib/error/bus-error.ts";
import { Counters } from "../../../lib/runtime/metrics.ts";
import type { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { testBus } from "../../../lib/testing/test-bus.ts";
import type { FakeEngine } from "../../support/fake-engine.ts";

const ignore = () => {};

/** What a runner on an engine is made of; nothing is logged. */
export function runnerDependencies(
  engine: FakeEngine,
  clock: ManualClock,
  onError: (error: BusError) => void = ignore,
) {
  return {
    deliveries: engine.deliveries,
    catalog: standardCatalog,
    clock,
    random: () => 0.5,
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    counters: new Counters(),
    bus: testBus(),
    onError,
  };
}
