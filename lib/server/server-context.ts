import type { LogReader } from "../history/log-reader.ts";
import type { FeedSource } from "../mcp/events/feed.ts";
import type { TokenFile } from "./access/token-file.ts";
import type { ActiveAlerts } from "./alerts/active-alerts.ts";
import type { RunningAlerts } from "./alerts/start-alerts.ts";
import type { DeltaFeed } from "./deltas/delta-feed.ts";
import type { SpanCounts } from "./otlp/span-counts.ts";
import type { Peers } from "./pull/peers.ts";
import type { PullQueues } from "./pull/pull-queues.ts";
import type { ServedBus } from "./served-bus.ts";
import type { Sessions } from "./sessions/sessions.ts";
import type { ServerSettings } from "./settings.ts";
import type { Cursors } from "./streams/cursors.ts";
import type { EventSubscriptions } from "./webhooks/event-subscriptions.ts";
import type { Webhooks } from "./webhooks/webhooks.ts";

/** What the routes of a server share. */
export interface Server {
  readonly served: ServedBus;
  readonly settings: ServerSettings;
  readonly tokens: TokenFile | undefined;
  /** Reads the log for all streams: those at the same place share a read. */
  readonly reader: LogReader;
  readonly cursors: Cursors;
  /** What history does not keep, while it is fresh. */
  readonly deltas: DeltaFeed;
  /** What clients pull, and have in hand. */
  readonly pulls: PullQueues;
  /** What is pushed to others. */
  readonly webhooks: Webhooks;
  /** What MCP clients are served events from, and what is pushed to them. */
  readonly events: { readonly source: FeedSource; readonly subscriptions: EventSubscriptions };
  /** The http engines that are connected. */
  readonly sessions: Sessions;
  readonly spans: SpanCounts;
  /** The other servers of the bus on this machine. */
  readonly peers: Peers;
  /** What is watched; absent where no alert is declared. */
  readonly alerts: RunningAlerts | undefined;
  /** What is raised on the bus, whoever watches. */
  readonly activeAlerts: ActiveAlerts;
  /** Fires when the server ends: who waits is answered, streams end. */
  readonly closing: AbortSignal;
}
