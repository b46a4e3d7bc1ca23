import { AlertMonitor, type AlertRule, checkAlerts } from "../../lib/alerts/index.ts";

/** An event of a recorded run. */
export interface RunEvent {
  readonly type: string;
  readonly source: string;
  readonly time?: string | undefined;
  readonly data?: unknown;
  readonly metadata: { readonly correlationId: string };
}

const most = 10_000;
const rules: AlertRule[] = [
  { name: "slow-flow-10-s", kind: "slow-flow", most },
  { name: "slow-flow-5-min", kind: "slow-flow", over: "5m", most },
  ...[3, 5, 10].map((repeats): AlertRule => ({ name: `loop-${repeats}`, kind: "loop", repeats, most })),
];

/** Runs rules over each run by itself, up to its end. Runs without an end, or without times for a rule of time, count as not raised. */
export function measureAlerts(events: readonly RunEvent[]) {
  const runs = [...Map.groupBy(events, ({ metadata }) => metadata.correlationId).values()];
  const labelled = runs.flatMap((run) => {
    const end = run.findIndex(({ type }) => type === "task.completed" || type === "task.failed");
    if (end === -1) return [];
    return [{ failed: run.some(({ type }) => type === "task.failed"), raised: raisedIn(run.slice(0, end)) }];
  });
  return rules.map(({ name = "" }) => {
    const raised = labelled.filter((run) => run.raised.has(name));
    const right = raised.filter(({ failed }) => failed).length;
    const failed = labelled.filter((run) => run.failed).length;
    return {
      rule: name,
      runs: labelled.length,
      failed,
      raised: raised.length,
      right,
      precision: raised.length === 0 ? undefined : Number((right / raised.length).toFixed(3)),
      recall: failed === 0 ? undefined : Number((right / failed).toFixed(3)),
    };
  });
}

function raisedIn(run: readonly RunEvent[]): Set<string> {
  const monitor = new AlertMonitor(checkAlerts({ rules }).rules);
  const alerts = run.flatMap(({ type, source, time, data, metadata }, index) =>
    monitor.observe({
      id: `event-${index}`,
      type,
      source,
      time: time ?? "2026-01-01T00:00:00.000Z",
      data,
      metadata: { version: 1, priority: 5, correlationId: metadata.correlationId },
    }),
  );
  return new Set(alerts.map(({ alert = "" }) => alert));
}
