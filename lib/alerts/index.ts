export { type Alert, type AlertMetric, alertType, type Severity } from "./alert.ts";
export { parseAlert } from "./alert-event.ts";
export { AlertMonitor, type MonitorOptions } from "./alert-monitor.ts";
export { publishAlerts } from "./publish-alerts.ts";
export {
  type AlertConfig,
  type AlertRule,
  type AlertWay,
  type CheckedRule,
  type CheckedWay,
  checkAlerts,
} from "./rules.ts";
export { type AlertWatch, type WatchAlertsOptions, type WatchedBus, watchAlerts } from "./watch-alerts.ts";
