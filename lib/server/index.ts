import { BusError } from "../error/bus-error.ts";
import { ChangeWatch } from "../history/change-watch.ts";
import { LogReader } from "../history/log-reader.ts";
import { TokenFile } from "./access/token-file.ts";
import { Peers } from "./pull/peers.ts";
import { PullQueues } from "./pull/pull-queues.ts";
import { createServerId } from "./pull/receipt.ts";
import type { ServedBus } from "./served-bus.ts";
import type { Server } from "./server-context.ts";
import { Sessions } from "./sessions/sessions.ts";
import { type ServerSettings, serverSettings } from "./settings.ts";
import { Cursors } from "./streams/cursors.ts";

export { roles } from "./access/grant.ts";
export type { ServedBus } from "./served-bus.ts";
export { defaultPort, isLoopback } from "./settings.ts";

/** Options of {@link startServer}. */
export interface ServerOptions extends Partial<ServerSettings> {
  /** The file of the tokens; without it no token is known. */
  readonly tokenFile?: string;
  /** A folder where the servers of one bus on this machine find each other; without it this one is alone. */
  readonly peerFolder?: string;
}

/** A server that listens. */
export interface RunningServer {
  /** Where it listens, as `http://127.0.0.1:4600`. */
  readonly url: string;
  readonly port: number;
  /** Answers who waits, ends streams, and lets go of the port. The bus stays open. */
  close(): Promise<void>;
}

/** Milliseconds for requests under way to be answered once the server closes. */
const closeGraceMs = 5_000;

/**
 * Serves a bus over HTTP, whatever its engine. Rejects with `invalid_config` where a package is missing or the address cannot
 * be had. The caller closes the server first, then the bus.
 */
export async function startServer(served: ServedBus, options: ServerOptions = {}): Promise<RunningServer> {
  const { tokenFile, peerFolder, ...settings } = options;
  const id = createServerId();
  const ending = new AbortController();
  const server: Server = {
    served,
    settings: serverSettings(settings),
    tokens: tokenFile === undefined ? undefined : new TokenFile(tokenFile),
    reader: new LogReader(served.engine.log, new ChangeWatch(served.engine, served.clock)),
    cursors: new Cursors(served.engine.capabilities.has("durable") ? "" : served.nextId()),
    pulls: new PullQueues(served, id),
    sessions: new Sessions(served),
    peers: new Peers(peerFolder, id),
    closing: ending.signal,
  };
  const { listen } = await loadNodeServer();
  const listening = await listen(server);
  await server.peers.register(reachable(listening.url));
  return {
    url: listening.url,
    port: listening.port,
    close: async () => {
      ending.abort(new BusError("closed", "the server is closing"));
      await server.peers.unregister();
      await listening.close(closeGraceMs);
      server.pulls.close();
      await server.sessions.close();
    },
  };
}

/** Where a server of the same machine reaches one that listens on all addresses. */
function reachable(url: string): string {
  return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
}

/** Hono is an optional package: only who serves needs it. */
async function loadNodeServer(): Promise<typeof import("./node-server.ts")> {
  try {
    return await import("./node-server.ts");
  } catch (thrown) {
    const missing = thrown instanceof Error && "code" in thrown && thrown.code === "ERR_MODULE_NOT_FOUND";
    const name = missing ? /package '([^']+)'/.exec(thrown.message)?.[1] : undefined;
    if (name === undefined) throw thrown;
    throw new BusError(
      "invalid_config",
      `the server needs ${name}, which is not installed; run: npm i hono @hono/node-server`,
      {
        cause: thrown,
        details: { package: name },
      },
    );
  }
}
