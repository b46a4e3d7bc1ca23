import type { Bus } from "../bus/bus.ts";
import { dependenciesOf } from "../bus/engine-of.ts";
import { BusError } from "../error/bus-error.ts";
import { assembleServer, type EmbeddedServer, type ServerOptions } from "./assemble.ts";
import type { AnyEvents } from "./served-bus.ts";

/** Options of {@link createServer}: those of `waggle serve`. */
export interface ServeOptions extends ServerOptions {
  /**
   * Whether requests need a token. Default true: who embeds a server decides who reaches it, and it cannot see that. On any address but
   * loopback `listen` needs tokens, whatever is given.
   */
  readonly needsToken?: boolean;
}

/**
 * Serves a bus of `connect` over HTTP from a program of one's own. It needs the packages `hono` and, for `listen`, `@hono/node-server`. The caller
 * closes the server first, then the bus. `invalid_config` for a bus of another copy of the package.
 */
export async function createServer<Events>(bus: Bus<Events>, options: ServeOptions = {}): Promise<EmbeddedServer> {
  const dependencies = dependenciesOf(bus);
  if (dependencies === undefined) {
    throw new BusError(
      "invalid_config",
      "createServer: the bus must be one that connect() of this copy of wagglebus has opened",
    );
  }
  // The server checks types by the catalog as requests come: the caller's list of events only narrows what its own code may call.
  const served = { ...dependencies, bus: bus as unknown as Bus<AnyEvents> };
  return assembleServer(served, { ...options, needsToken: options.needsToken ?? true });
}
