import type { Route } from "../http/route.ts";
import { a2a } from "./a2a.ts";
import { agUi } from "./ag-ui.ts";
import { listAlerts } from "./alerts.ts";
import { getType, listTypes } from "./catalog.ts";
import {
  discardDeadLetters,
  getDeadLetter,
  listDeadLetterGroups,
  listDeadLetters,
  redriveDeadLetters,
} from "./dead-letters.ts";
import { engineRoutes } from "./engine.ts";
import { explain } from "./explain.ts";
import { getEventDeliveries, listAgents, listFlows } from "./flows.ts";
import { healthz, readyz } from "./health.ts";
import { getEvent, getFlow, getStats, queryEvents } from "./history.ts";
import { mcp } from "./mcp.ts";
import { metrics } from "./metrics.ts";
import { otlpTraces } from "./otlp.ts";
import { publishEvents } from "./publish.ts";
import { putEvents } from "./put-events.ts";
import { replays } from "./replays.ts";
import {
  deleteSubscription,
  getSubscription,
  listSubscriptions,
  pauseSubscription,
  pullDeliveries,
  putSubscription,
  resumeSubscription,
  settleDeliveries,
} from "./subscriptions.ts";
import { tail } from "./tail.ts";
import { wait } from "./wait.ts";
import { deleteWebhook, getWebhook, putWebhook } from "./webhook.ts";

/** All routes, in the order of the documentation. Of two that match a path, the first counts. */
export const routes: readonly Route[] = [
  publishEvents,
  putEvents,
  otlpTraces,
  queryEvents,
  getEvent,
  getEventDeliveries,
  listFlows,
  getFlow,
  agUi,
  a2a,
  listAgents,
  listAlerts,
  getStats,
  explain,
  wait,
  tail,
  listSubscriptions,
  getSubscription,
  putSubscription,
  deleteSubscription,
  pauseSubscription,
  resumeSubscription,
  pullDeliveries,
  settleDeliveries,
  putWebhook,
  getWebhook,
  deleteWebhook,
  listDeadLetters,
  listDeadLetterGroups,
  redriveDeadLetters,
  discardDeadLetters,
  getDeadLetter,
  replays,
  listTypes,
  getType,
  mcp,
  ...engineRoutes,
  metrics,
  healthz,
  readyz,
];
