import { assembleServer, type ServerOptions } from "./assemble.ts";
import type { ServedBus } from "./served-bus.ts";

export { roles } from "./access/grant.ts";
export type { ServerOptions } from "./assemble.ts";
export type { ServedBus } from "./served-bus.ts";
export { defaultPort, isLoopback } from "./settings.ts";

/** A server that listens. */
export interface RunningServer {
  /** Where it listens, as `http://127.0.0.1:4600`. */
  readonly url: string;
  readonly port: number;
  /** Answers who waits, ends streams, and lets go of the port. The bus stays open. */
  close(): Promise<void>;
}

/**
 * Serves a bus over HTTP, whatever its engine. Rejects with `invalid_config` where a package is missing or the address cannot
 * be had. The caller closes the server first, then the bus.
 */
export async function startServer(served: ServedBus, options: ServerOptions = {}): Promise<RunningServer> {
  const server = await assembleServer(served, options);
  try {
    const { port, url } = await server.listen();
    return { port, url, close: () => server.close() };
  } catch (thrown) {
    await server.close();
    throw thrown;
  }
}
