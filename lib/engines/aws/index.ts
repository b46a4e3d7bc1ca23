import type { Engine } from "../../engine/engine.ts";
import { createClients } from "./clients.ts";
import { createEngine } from "./create-engine.ts";
import type { Clients } from "./dependencies.ts";
import { findBus } from "./find-bus.ts";
import type { AwsOptions, KnownBusOptions } from "./options.ts";

export type { AwsOptions, AwsSettings, KnownBusOptions } from "./options.ts";

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

function engineOn(clients: Clients, { leaseMs, ...settings }: KnownBusOptions): Engine {
  return createEngine({ ...settings, clients }, leaseMs).engine;
}
