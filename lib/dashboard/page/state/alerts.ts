import { urlOf } from "./places.ts";
import { listOf } from "./read.ts";

/** An alert that is raised and not cleared. */
export interface ActiveAlert {
  readonly id: string;
  readonly alert: string;
  readonly metric: string;
  readonly subject: string;
  readonly value: number;
  readonly threshold: number;
  readonly severity: "info" | "warning" | "critical";
  readonly since: string;
  readonly source: string;
}

/** The question, and what is read of the answer. */
export const alertsPath = "/v1/alerts";
export function readAlerts(answer: Record<string, unknown>): ActiveAlert[] {
  return listOf<ActiveAlert>(answer.alerts, "id", "alert", "metric", "subject", "severity", "since", "source");
}

/** Where one sees what an alert is about; undefined where it is about the whole bus. */
export function whereOf({ metric, subject }: Pick<ActiveAlert, "metric" | "subject">): string | undefined {
  if (metric.startsWith("flow.") || metric === "event.result") return urlOf("/flows/{id}", { id: subject });
  if (metric === "subscription.dead_letters") return urlOf("/dead-letters", {}, { subscription: subject });
  if (metric.startsWith("subscription.")) return urlOf("/subscriptions");
  if (metric === "events.per_minute") return urlOf("/live", {}, { type: subject });
  if (metric === "agent.silence" || metric === "failures.per_minute") return urlOf("/agents");
  return undefined;
}

/** What is measured, in words. */
export const metricTexts: Readonly<Record<string, string>> = {
  "flow.duration": "the flow takes",
  "flow.silence": "the flow is silent for",
  "flow.repeats": "the same was published",
  "flow.events": "events of the flow",
  "event.result": "a success without a result",
  "events.per_minute": "events in a minute",
  "failures.per_minute": "failures in a minute",
  "agent.silence": "the agent is silent for",
  "subscription.oldest_age": "the oldest delivery waits for",
  "subscription.dead_letters": "dead letters",
  cost: "cost",
};

/** Metrics whose values are milliseconds. */
const times: ReadonlySet<string> = new Set([
  "flow.duration",
  "flow.silence",
  "agent.silence",
  "subscription.oldest_age",
]);

/** Whether a metric measures a time in milliseconds. */
export function isTime(metric: string): boolean {
  return times.has(metric);
}
