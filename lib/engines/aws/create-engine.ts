import { createDeadLetterTable } from "./dead-letters/index.ts";
import { createDeliveryTable } from "./deliveries/index.ts";
import type { AwsDependencies, DeliveryTable } from "./dependencies.ts";
import { AwsEngine } from "./engine.ts";
import { createHistoryTable } from "./history/index.ts";
import { createEventPublisher } from "./publish/event-publisher.ts";

/** Milliseconds of a lease where none is given. */
const defaultLeaseMs = 30_000;

/** An engine, and the deliveries table that it shares with whatever else of its process takes messages. Calls nothing. */
export function createEngine(
  dependencies: AwsDependencies,
  leaseMs = defaultLeaseMs,
): { readonly engine: AwsEngine; readonly deliveries: DeliveryTable } {
  const deadLetters = createDeadLetterTable(dependencies);
  const deliveries = createDeliveryTable(dependencies, deadLetters);
  const history = createHistoryTable(dependencies);
  const publisher = createEventPublisher(dependencies);
  return {
    engine: new AwsEngine({ ...dependencies, leaseMs, deadLetters, deliveries, history, publisher }),
    deliveries,
  };
}
