import type { Bus } from "../../../lib/bus/bus.ts";
import { createBus } from "../../../lib/bus/create-bus.ts";
import type { MiddlewareOption } from "../../../lib/bus/middleware.ts";
import { type StandardEvents, standardCatalog } from "../../../lib/catalog/index.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { createIds } from "../../../lib/event/id.ts";
import { Counters } from "../../../lib/runtime/metrics.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { FakeEngine, type FakeEngineOptions } from "../../support/fake-engine.ts";

export const down = new BusError("unavailable", "the store is down");
export const ignore = () => {};

/** A bus of its own on a fake engine, with what it reports. */
export function aBus(options: FakeEngineOptions = {}, use: readonly MiddlewareOption[] = []) {
  const clock = new ManualClock();
  const engine = new FakeEngine({ clock, ...options });
  const errors: BusError[] = [];
  const warnings: unknown[] = [];
  const bus: Bus<StandardEvents> = createBus({
    engine,
    catalog: standardCatalog,
    source: "test",
    clock,
    random: () => 0.5,
    nextId: createIds({ now: clock.now }),
    logger: { debug: ignore, info: ignore, warn: (_, fields) => warnings.push(fields), error: ignore },
    counters: new Counters(),
    use,
    graceMs: 1_000,
    onError: (error) => errors.push(error),
  });
  return { bus, clock, engine, errors, warnings };
}
