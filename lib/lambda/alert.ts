import { createHash } from "node:crypto";
import type { Bus } from "../bus/bus.ts";
import { systemPerformanceAlert } from "../catalog/system.ts";

/** An alert that is due. What it says follows from what was recorded, so that a second run makes the same one. */
export interface Alert {
  readonly metric: "flow.duration" | "events.per_minute";
  /** The flow, or the type. */
  readonly subject: string;
  readonly value: number;
  readonly threshold: number;
  readonly state: "raised" | "cleared";
  /** Milliseconds since 1970: when the metric left its bounds, or came back. */
  readonly atMs: number;
  /** Tells it from the other alerts of its subject; a flow has one. */
  readonly key: string;
}

/** The type of an alert: what is watched leaves it out. */
export const alertType: string = systemPerformanceAlert.type;

/** Alerts on their way at once. */
const atOnce = 16;

/** Publishes those that are not in history yet, each under an id of its own; gives how many. */
export async function raise(bus: Bus, alerts: readonly Alert[], source: string): Promise<number> {
  let raised = 0;
  const left = alerts.values();
  const work = async () => {
    for (const alert of left) if (await raiseOne(bus, alert, source)) raised += 1;
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, alerts.length) }, work));
  return raised;
}

async function raiseOne(bus: Bus, alert: Alert, source: string): Promise<boolean> {
  const { metric, subject, value, threshold, state, atMs, key } = alert;
  const id = `alert-${createHash("sha256")
    .update(JSON.stringify([metric, subject, state, key]))
    .digest("base64url")}`;
  if ((await bus.history.get(id)) !== undefined) return false;
  const time = new Date(atMs).toISOString();
  await bus.publish(systemPerformanceAlert, { metric, value, threshold, subject, state }, { id, time, source });
  return true;
}
