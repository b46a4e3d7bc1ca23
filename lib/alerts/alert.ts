import { createHash } from "node:crypto";
import { systemPerformanceAlert } from "../catalog/system.ts";

/** What an alert measures. */
export type AlertMetric =
  | "flow.duration"
  | "flow.silence"
  | "flow.repeats"
  | "flow.events"
  | "event.result"
  | "events.per_minute"
  | "failures.per_minute"
  | "agent.silence"
  | "subscription.oldest_age"
  | "subscription.dead_letters"
  | "cost";

export type Severity = "info" | "warning" | "critical";

/** An alert that is due. What it says follows from what was recorded, so that a second run makes the same one. */
export interface Alert {
  /** The name of the rule. */
  readonly alert: string;
  readonly metric: AlertMetric;
  /** The flow, the type, the agent, the subscription or the event. */
  readonly subject: string;
  /** In milliseconds where it is a time. */
  readonly value: number;
  readonly threshold: number;
  readonly state: "raised" | "cleared";
  /** Milliseconds since 1970: when the metric left its bounds, or came back. */
  readonly atMs: number;
  /** Tells it from the other alerts of its subject; that of its end is the same. */
  readonly key: string;
  readonly severity?: Severity;
}

/** The type of an alert: what is watched leaves it out. */
export const alertType: string = systemPerformanceAlert.type;

/** The id of an alert's event: the same from every watcher, and from one that starts again. */
export function alertId({ alert, metric, subject, state, key }: Alert): string {
  const parts = [metric, subject, state, key, alert];
  return `alert-${createHash("sha256").update(JSON.stringify(parts)).digest("base64url")}`;
}

/** The data of an alert's event. */
export function alertData({ alert, metric, subject, value, threshold, state, key, severity }: Alert) {
  return {
    metric,
    value,
    threshold,
    subject,
    state,
    alert,
    key,
    ...(severity === undefined ? {} : { severity }),
  };
}
