import type { Bus } from "../bus/bus.ts";
import { createBus } from "../bus/create-bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import { createDeadLetterStore } from "../engines/aws/dead-letters/index.ts";
import { createDeliveries } from "../engines/aws/deliveries/index.ts";
import type { AwsDependencies, DeliveryStore } from "../engines/aws/dependencies.ts";
import { AwsEngine } from "../engines/aws/engine.ts";
import { createHistoryStore } from "../engines/aws/history/index.ts";
import { createEventPublisher } from "../engines/aws/publish/event-publisher.ts";
import { Counters } from "../runtime/metrics.ts";

/** Milliseconds of the lease of what a handler itself consumes from a queue, by `bus.subscribe`. */
const leaseMs = 30_000;
/** Milliseconds that handlers may go on for once somebody closes the bus. */
const graceMs = 10_000;

/** The bus of a function, and what it has in common with the function. */
export interface FunctionBus {
  /** The same for the handler, for `getBus()`, and for all invocations. */
  readonly bus: Bus<RegisteredEvents>;
  readonly counters: Counters;
  readonly deliveries: DeliveryStore;
}

/** Makes the bus of a function. `source` publishes what names no source. */
export function createFunctionBus(parts: AwsDependencies, source: string): FunctionBus {
  const counters = new Counters();
  const deadLetters = createDeadLetterStore(parts);
  const deliveries = createDeliveries(parts, deadLetters);
  const engine = new AwsEngine({
    ...parts,
    deadLetters,
    deliveries,
    history: createHistoryStore(parts),
    publisher: createEventPublisher(parts),
    leaseMs,
  });
  const bus = createBus<RegisteredEvents>({ ...parts, engine, source, counters, layers: [], graceMs });
  return { bus, counters, deliveries };
}
