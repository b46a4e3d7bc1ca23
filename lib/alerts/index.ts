export { type Alert, type AlertMetric, alertType, type Severity } from "./alert.ts";
export { parseAlert } from "./alert-event.ts";
export { AlertMonitor, type MonitorOptions } from "./alert-monitor.ts";
export {
  activeOf,
  lookBackFrom,
  lookBackWith,
  type PublishedAlert,
  publishedAlert,
  publishedAlerts,
} from "./look-back.ts";
export { needsData } from "./needs-data.ts";
export { publishAlerts } from "./publish-alerts.ts";
export { alertSubscription } from "./rules/alert-subscription.ts";
export { checkAwsRules } from "./rules/on-aws.ts";
export {
  type AlertConfig,
  type AlertRule,
  type AlertWay,
  type CheckedRule,
  type CheckedWay,
  checkAlerts,
} from "./rules/rules.ts";
export { type AlertWatch, type WatchAlertsOptions, type WatchedBus, watchAlerts } from "./watch-alerts.ts";
