import type { AlertConfig } from "../alerts/index.ts";
import { BusError } from "../error/bus-error.ts";
import { ChangeWatch } from "../history/change-watch.ts";
import { LogReader } from "../history/log-reader.ts";
import { loadOptional } from "../runtime/optional-package.ts";
import { TokenFile } from "./access/token-file.ts";
import { ActiveAlerts } from "./alerts/active-alerts.ts";
import { startAlerts } from "./alerts/start-alerts.ts";
import { DeltaFeed } from "./deltas/delta-feed.ts";
import { createSpanCounts } from "./otlp/span-counts.ts";
import { Peers } from "./pull/peers.ts";
import { PullQueues } from "./pull/pull-queues.ts";
import { createServerId } from "./pull/receipt.ts";
import type { ServedBus } from "./served-bus.ts";
import type { Server } from "./server-context.ts";
import { Sessions } from "./sessions/sessions.ts";
import { type ServerSettings, serverSettings } from "./settings.ts";
import { Cursors } from "./streams/cursors.ts";
import { EventSubscriptions } from "./webhooks/event-subscriptions.ts";
import { Occurrences } from "./webhooks/occurrences.ts";
import { WebhookStore } from "./webhooks/webhook.ts";
import { Webhooks } from "./webhooks/webhooks.ts";

/** Options of a server; each has a default. */
export interface ServerOptions extends Partial<ServerSettings> {
  /** The file of the tokens; without it no token is known. */
  readonly tokenFile?: string;
  /** A folder where the servers of one bus on this machine find each other; without it this one is alone. */
  readonly peerFolder?: string;
  /** What is watched while the server runs, and where alerts go; see docs/local/alerts.md. */
  readonly alerts?: AlertConfig | undefined;
}

/** A bus as an HTTP server, which answers, and listens where it is told to. */
export interface EmbeddedServer {
  /** Answers a request of another server: `Bun.serve({ fetch })`, a route of Hono or Next.js. The path begins with `/v1`; the page is at `/`. */
  fetch(request: Request): Promise<Response>;
  /** Listens on `host` and `port`. Rejects with `invalid_config` where the address cannot be had. Call it once. */
  listen(): Promise<ListeningAt>;
  /** Answers who waits, ends streams, and lets go of the port. The bus stays open. */
  close(): Promise<void>;
}

/** Where a server listens. */
export interface ListeningAt {
  /** As `http://127.0.0.1:4600`. */
  readonly url: string;
  /** The port. */
  readonly port: number;
}

/** Milliseconds for requests under way to be answered once the server closes. */
const closeGraceMs = 5_000;
const packages = "hono @hono/node-server";

/** Puts a server together. Rejects with `invalid_config` where a package is missing. */
export async function assembleServer(served: ServedBus, options: ServerOptions): Promise<EmbeddedServer> {
  const { tokenFile, peerFolder, alerts: declared, ...given } = options;
  const settings = serverSettings(given);
  const id = createServerId();
  const ending = new AbortController();
  const alerts = declared === undefined ? undefined : await startAlerts(served, declared);
  const tokens = tokenFile === undefined ? undefined : new TokenFile(tokenFile);
  const cursors = new Cursors(served.engine.capabilities.has("durable") ? "" : served.nextId());
  const reader = new LogReader(served.engine.log, new ChangeWatch(served.engine, served.clock));
  const source = { log: served.engine.log, reader, catalog: served.catalog, cursors, now: served.clock.now };
  const store = new WebhookStore(served.engine);
  const webhooks = new Webhooks(
    served,
    store,
    new Occurrences(source, async (id) => (await tokens?.find(id, served.clock.now())) !== undefined),
    { allowPrivate: settings.allowPrivateWebhooks, resolve: settings.resolveWebhooks },
  );
  const server: Server = {
    served,
    settings,
    tokens,
    reader,
    cursors,
    events: { source, subscriptions: new EventSubscriptions({ served, settings, source, store, webhooks }) },
    deltas: new DeltaFeed(served, settings.deltas),
    pulls: new PullQueues(served, id),
    webhooks,
    sessions: new Sessions(served, id),
    spans: createSpanCounts(),
    peers: new Peers(peerFolder, id),
    alerts,
    activeAlerts: new ActiveAlerts(served),
    closing: ending.signal,
  };
  const { createApp } = await loadOptional(() => import("./app.ts"), "the server", packages);
  const app = createApp(server);
  let closeListener = async () => {};
  const end = async () => {
    ending.abort(new BusError("closed", "the server is closing"));
    await server.peers.unregister();
    await Promise.all([closeListener(), server.webhooks.close(closeGraceMs)]);
    await server.alerts?.close();
    await server.deltas.close();
    server.pulls.close();
    await server.sessions.close();
  };
  let closed: Promise<void> | undefined;
  await Promise.all([server.webhooks.start(), server.deltas.start()]);
  return {
    fetch: async (request) => app.fetch(request),
    listen: async () => {
      const { listen } = await loadOptional(() => import("./node-server.ts"), "the server", packages);
      const { close, port, url } = await listen(server, app);
      closeListener = () => close(closeGraceMs);
      await server.peers.register(reachable(url));
      return { port, url };
    },
    close: () => {
      closed ??= end();
      return closed;
    },
  };
}

/** Where a server of the same machine reaches one that listens on all addresses. */
function reachable(url: string): string {
  return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
}
