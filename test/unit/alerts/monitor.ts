import { type Alert, AlertMonitor, type AlertRule, checkAlerts } from "../../../lib/alerts/index.ts";
import type { SubscriptionState } from "../../../lib/engine/subscription-store.ts";

/** A time on a whole minute, in milliseconds since 1970. */
export const start = Date.UTC(2026, 0, 1, 12);

/** An event as a test gives it. */
export interface Given {
  readonly id?: string;
  readonly type: string;
  /** Milliseconds after the start. */
  readonly at: number;
  readonly flow?: string;
  readonly agent?: string;
  readonly data?: object;
}

let count = 0;

export function eventOf({ id, type, at, flow = "flow-1", agent, data = {} }: Given) {
  count += 1;
  return {
    id: id ?? `event-${count}`,
    type,
    source: "test",
    time: new Date(start + at).toISOString(),
    data,
    metadata: { version: 1, priority: 5, correlationId: flow, ...(agent === undefined ? {} : { agentId: agent }) },
  };
}

export function monitorOf(...rules: AlertRule[]): AlertMonitor {
  return new AlertMonitor(checkAlerts({ rules }).rules);
}

/** What a monitor raised and cleared over events, and over time until `until` after the start. */
export function run(monitor: AlertMonitor, events: readonly Given[], until?: number): Alert[] {
  const alerts = events.flatMap((event) => monitor.observe(eventOf(event)));
  return until === undefined ? alerts : [...alerts, ...monitor.advance(start + until)];
}

/** `raised flow-1`, for short expectations. */
export function short(alerts: readonly Alert[]): string[] {
  return alerts.map(({ state, subject }) => `${state} ${subject}`);
}

export function subscriptionOf(name: string, figures: Partial<SubscriptionState>): SubscriptionState {
  const record = { name, on: ["*"] } as unknown as SubscriptionState["record"];
  return { record, ephemeral: false, waiting: 0, delayed: 0, running: 0, oldestAgeMs: 0, deadLetters: 0, ...figures };
}
