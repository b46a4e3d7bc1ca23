import type { Bus } from "../bus/bus.ts";
import { createBus } from "../bus/create-bus.ts";
import type { MiddlewareOption } from "../bus/middleware.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import { createEngine } from "../engines/aws/create-engine.ts";
import type { AwsDependencies, DeliveryTable } from "../engines/aws/dependencies.ts";
import { Counters } from "../runtime/metrics.ts";

/** Milliseconds that handlers may go on for once somebody closes the bus. */
const graceMs = 10_000;

/** The bus of a function, and what it has in common with the function. */
export interface FunctionBus {
  /** The same for the handler, for `getBus()`, and for all invocations. */
  readonly bus: Bus<RegisteredEvents>;
  readonly counters: Counters;
  readonly deliveries: DeliveryTable;
}

/** Makes the bus of a function. `source` publishes what names no source; `use` runs around its publishes. */
export function createFunctionBus(
  dependencies: AwsDependencies,
  source: string,
  use: readonly MiddlewareOption[] = [],
): FunctionBus {
  const counters = new Counters();
  const { engine, deliveries } = createEngine(dependencies);
  const bus = createBus<RegisteredEvents>({ ...dependencies, engine, source, counters, use, graceMs });
  return { bus, counters, deliveries };
}
