import type { Bus } from "../bus/bus.ts";
import { systemCostThresholdReached, systemLoopDetected, systemPerformanceAlert } from "../catalog/system.ts";
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

/** Publishes those that are not in history yet, each under an id of its own and those of a subject in order; gives how many. */
export async function publishAlerts(bus: AlertBus, alerts: readonly Alert[], source: string): Promise<number> {
  const subjects = Map.groupBy(alerts, ({ alert, metric, subject }) => JSON.stringify([alert, metric, subject]));
  const counts = await inParallel([...subjects.values()], atOnce, async (ofSubject) => {
    let published = 0;
    for (const alert of ofSubject) if (await publishAlert(bus, alert, source)) published += 1;
    return published;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Publishes an alert, and the fact of which it tells, unless history has it; gives whether it did. */
export async function publishAlert(bus: AlertBus, alert: Alert, source: string): Promise<boolean> {
  const id = alertId(alert);
  if ((await bus.history.get(id)) !== undefined) return false;
  const time = new Date(alert.atMs).toISOString();
  const fact = factOf(alert);
  // First, so that a run which breaks off in between publishes both again.
  if (fact !== undefined) {
    const metadata = { correlationId: id, causationId: id };
    await publishOnce(bus, { ...fact, id: `${id}-fact`, time, source, metadata });
  }
  return publishOnce(bus, { type: systemPerformanceAlert.type, data: alertData(alert), id, time, source });
}

/** Gives false where another watcher was first, and had measured something else. */
async function publishOnce(bus: AlertBus, draft: Draft): Promise<boolean> {
  try {
    await bus.publish(draft);
    return true;
  } catch (thrown) {
    if (thrown instanceof BusError && thrown.code === "conflict") return false;
    throw thrown;
  }
}

/** The catalog has types of their own for two of them. */
function factOf({ metric, state, subject, value, threshold }: Alert): Pick<Draft, "type" | "data"> | undefined {
  if (state !== "raised") return undefined;
  switch (metric) {
    case "cost":
      return { type: systemCostThresholdReached.type, data: { amount: value, limit: threshold, subject } };
    case "flow.repeats":
      return { type: systemLoopDetected.type, data: { reason: `the same was published ${value} times`, subject } };
    case "flow.events":
      return { type: systemLoopDetected.type, data: { reason: `${value} events`, subject, events: value } };
    default:
      return undefined;
  }
}
