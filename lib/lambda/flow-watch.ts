import type { Bus } from "../bus/bus.ts";
import type { Event } from "../event/event.ts";
import { idTime } from "../event/id.ts";
import { type Alert, alertType } from "./alert.ts";

/** What flows did in the time that was watched. */
export interface FlowStatistics {
  /** Milliseconds from the first event of each flow to its latest. */
  readonly durations: readonly number[];
  /** One for each slow flow. */
  readonly alerts: readonly Alert[];
  /** Whether there were more events than one run takes. */
  readonly cut: boolean;
}

/** Events of one run: what is above that is for the next, and counted in CloudWatch's own metrics. */
const mostEvents = 50_000;
const pageSize = 1_000;
/** First events that are read at once. */
const readAtOnce = 16;

/** Reads the flows that had an event between two times, in milliseconds since 1970. */
export async function watchFlowsOf(
  bus: Pick<Bus, "history">,
  times: { since: number; until: number },
  slowMs: number,
): Promise<FlowStatistics> {
  const { flows, cut } = await readFlows(bus, times);
  const durations: number[] = [];
  const alerts: Alert[] = [];
  const left = flows.entries();
  const work = async () => {
    for (const [flowId, events] of left) {
      const startedAt = await startOf(bus, flowId, events);
      durations.push(Math.max(...events) - startedAt);
      // The first that came too late: the next run finds it again, or the alert that it raised.
      const late = events.filter((at) => at - startedAt > slowMs);
      if (late.length > 0) alerts.push(slowFlow(flowId, Math.min(...late), startedAt, slowMs));
    }
  };
  await Promise.all(Array.from({ length: readAtOnce }, work));
  return { durations, alerts, cut };
}

/** When the events of each flow were accepted. */
async function readFlows(bus: Pick<Bus, "history">, { since, until }: { since: number; until: number }) {
  const flows = new Map<string, number[]>();
  const query = { since: new Date(since), until: new Date(until), limit: pageSize };
  let cursor: string | undefined;
  let read = 0;
  do {
    const page = await bus.history.query(cursor === undefined ? query : { ...query, cursor });
    for (const event of page.events) {
      // A watch over its own alerts would never come to an end.
      if (event.type === alertType) continue;
      const { correlationId } = event.metadata;
      const events = flows.get(correlationId);
      if (events === undefined) flows.set(correlationId, [acceptedNear(event)]);
      else events.push(acceptedNear(event));
    }
    read += page.events.length;
    cursor = page.cursor;
  } while (cursor !== undefined && read < mostEvents);
  return { flows, cut: cursor !== undefined };
}

/** A flow has the id of its first event, and that mostly tells when it was. */
async function startOf(bus: Pick<Bus, "history">, flowId: string, events: readonly number[]): Promise<number> {
  const seen = Math.min(...events);
  const inside = idTime(flowId);
  if (inside !== undefined) return Math.min(inside, seen);
  const first = await bus.history.get(flowId);
  return first === undefined ? seen : Math.min(acceptedNear(first), seen);
}

function acceptedNear({ id, time }: Event): number {
  return idTime(id) ?? Date.parse(time);
}

function slowFlow(flowId: string, atMs: number, startedAt: number, slowMs: number): Alert {
  const value = atMs - startedAt;
  return { metric: "flow.duration", subject: flowId, value, threshold: slowMs, state: "raised", atMs, key: "" };
}
