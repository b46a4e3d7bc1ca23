import { parseBusArn } from "../../aws-shared/index.ts";
import type { Engine } from "../../engine/engine.ts";
import { createClients } from "./clients.ts";
import { createEngine } from "./create-engine.ts";
import type { Clients } from "./dependencies.ts";
import { findBus, findForeignBus } from "./find-bus.ts";
import type { AwsOptions, KnownBusOptions } from "./options.ts";

export type { AwsOptions, AwsSettings, KnownBusOptions } from "./options.ts";

/**
 * Finds a bus by its name, or that of another account by its ARN, and opens it. Region (but for an ARN, which says it),
 * endpoint and credentials are found by the SDK's own chain. `not_found`, `invalid_config`, `unavailable`: see {@link findBus}.
 */
export async function openAws(options: AwsOptions): Promise<Engine> {
  const address = parseBusArn(options.bus);
  const clients = createClients(address === undefined ? {} : { region: address.region });
  try {
    const config = address === undefined ? await findBus(clients, options.bus) : await findForeignBus(clients, address);
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
