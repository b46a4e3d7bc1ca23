import type { Bus } from "../bus/bus.ts";
import type { Event } from "../event/event.ts";
import { type Alert, alertType } from "./alert.ts";
import { parseAlert } from "./alert-event.ts";
import type { CheckedRule } from "./rules/rules.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** How far back alerts are looked up that may be active still. */
const alertsMs = 7 * dayMs;
const pageSize = 500;

/** From when on rules need history to know where they stand, in milliseconds since 1970. */
export function lookBackFrom(rules: readonly CheckedRule[], nowMs: number): number {
  return nowMs - (rules.some((rule) => rule.kind === "cost" && rule.per !== "flow") ? dayMs : hourMs);
}

/** The same, where alerts are active: what they are about began before them, and a day ago at most. */
export function lookBackWith(rules: readonly CheckedRule[], active: readonly Alert[], nowMs: number): number {
  const earliest = active.reduce((ms, { atMs }) => Math.min(ms, atMs - hourMs), lookBackFrom(rules, nowMs));
  return Math.max(earliest, nowMs - dayMs);
}

/** An alert as its event tells of it. */
export interface PublishedAlert extends Alert {
  /** Of its event. */
  readonly id: string;
  /** Who watched. */
  readonly source: string;
}

/** The alert of an event, with who published it; undefined for an event of another kind. */
export function publishedAlert(event: Event): PublishedAlert | undefined {
  const alert = parseAlert(event);
  return alert === undefined ? undefined : { ...alert, id: event.id, source: event.source };
}

/** The alerts that may be active still, oldest first. */
export async function* publishedAlerts(
  history: Pick<Bus["history"], "query">,
  nowMs: number,
): AsyncGenerator<PublishedAlert> {
  const since = new Date(nowMs - alertsMs);
  let cursor: string | undefined;
  do {
    const paged = { limit: pageSize, ...(cursor === undefined ? {} : { cursor }) };
    const page = await history.query({ type: alertType, since, order: "oldest", ...paged });
    for (const event of page.events) {
      const alert = publishedAlert(event);
      if (alert !== undefined) yield alert;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Of alerts in the order of their publishing, those that are raised and not cleared. */
export async function activeOf<Found extends Alert>(alerts: AsyncIterable<Found>): Promise<Found[]> {
  const active = new Map<string, Found>();
  for await (const alert of alerts) {
    const name = JSON.stringify([alert.alert, alert.subject]);
    if (alert.state === "raised") active.set(name, alert);
    else if (active.get(name)?.key === alert.key) active.delete(name);
  }
  return [...active.values()];
}
