import type { Engine } from "../../engine/engine.ts";
import { createClients } from "./clients.ts";
import { createDeadLetterStore } from "./dead-letters/index.ts";
import { createDeliveries } from "./deliveries/index.ts";
import type { AwsDependencies, Clients } from "./dependencies.ts";
import { AwsEngine } from "./engine.ts";
import { findBus } from "./find-bus.ts";
import { createHistoryStore } from "./history/index.ts";
import type { AwsOptions, KnownBusOptions } from "./options.ts";
import { createEventPublisher } from "./publish/event-publisher.ts";

export type { AwsOptions, AwsSettings, KnownBusOptions } from "./options.ts";

/** Milliseconds of a lease where none is given. */
const defaultLeaseMs = 30_000;

/**
 * Finds a bus by its name and opens it. Region, endpoint and credentials are found by the SDK's own chain. `not_found`,
 * `invalid_config`, `unavailable`: see {@link findBus}.
 */
export async function openAws(options: AwsOptions): Promise<Engine> {
  const clients = createClients();
  try {
    const config = await findBus(clients, options.bus);
    options.logger.debug("aws bus is open", { bus: config.bus });
    return engineOn(clients, { ...options, config });
  } catch (thrown) {
    clients.destroy();
    throw thrown;
  }
}

/** An engine on a bus whose configuration is known, as a function's is. Calls nothing. */
export function createAwsEngine(options: KnownBusOptions): Engine {
  return engineOn(createClients(), options);
}

function engineOn(clients: Clients, options: KnownBusOptions): Engine {
  const { leaseMs = defaultLeaseMs, ...settings } = options;
  const parts: AwsDependencies = { ...settings, clients };
  const deadLetters = createDeadLetterStore(parts);
  return new AwsEngine({
    ...parts,
    leaseMs,
    deadLetters,
    history: createHistoryStore(parts),
    deliveries: createDeliveries(parts, deadLetters),
    publisher: createEventPublisher(parts),
  });
}
