import type { Bus } from "../bus/bus.ts";
import { systemPerformanceAlert } from "../catalog/system.ts";
import { BusError } from "../error/bus-error.ts";
import type { Draft, Event } from "../event/event.ts";
import { inParallel } from "../runtime/in-parallel.ts";
import { type Alert, alertData, alertId } from "./alert.ts";

/** What alerts are published on. */
export interface AlertBus {
  publish(draft: Draft): Promise<Event>;
  readonly history: Pick<Bus["history"], "get">;
}

/** Alerts on their way at once. */
const atOnce = 16;

/** Publishes those that are not in history yet, each under an id of its own; gives how many. */
export async function publishAlerts(bus: AlertBus, alerts: readonly Alert[], source: string): Promise<number> {
  const published = await inParallel(alerts, atOnce, (alert) => publishAlert(bus, alert, source));
  return published.filter(Boolean).length;
}

/** Publishes an alert unless history has it; gives whether it did. */
export async function publishAlert(bus: AlertBus, alert: Alert, source: string): Promise<boolean> {
  const id = alertId(alert);
  if ((await bus.history.get(id)) !== undefined) return false;
  const time = new Date(alert.atMs).toISOString();
  try {
    await bus.publish({ type: systemPerformanceAlert.type, data: alertData(alert), id, time, source });
    return true;
  } catch (thrown) {
    // Another watcher was first, and had measured something else.
    if (thrown instanceof BusError && thrown.code === "conflict") return false;
    throw thrown;
  }
}
