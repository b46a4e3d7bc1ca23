import { type Alert, alertType } from "../alerts/alert.ts";
import { idTime } from "../event/id.ts";

/** What flows did in the time that was watched. */
export interface FlowStatistics {
  /** Milliseconds from the first event of each flow to its latest. */
  readonly durations: readonly number[];
  /** One for each slow flow. */
  readonly alerts: readonly Alert[];
  /** Whether there were more events than one run takes. */
  readonly cut: boolean;
}

/** What is known of an event that was recorded. */
export interface FlowEvent {
  readonly type: string;
  /** The correlation id. */
  readonly flow: string;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
}

/** Times between which events were recorded, in milliseconds since 1970. */
export interface WatchedTimes {
  readonly since: number;
  readonly until: number;
}

/** What a watch reads. */
export interface WatchedHistory {
  /** When an event was accepted, in milliseconds since 1970; undefined where history does not have it. */
  acceptedAt(id: string): Promise<number | undefined>;
  /** What was recorded, part by part. */
  recorded(times: WatchedTimes): AsyncIterable<readonly FlowEvent[]>;
}

/** Events of one run, 8,300 a second: it holds their times in memory. */
const mostEvents = 1_000_000;
/** First events that are read at once. */
const readAtOnce = 16;

/** Reads the flows of which something was recorded between two times. */
export async function watchFlowsOf(
  { acceptedAt, recorded }: WatchedHistory,
  times: WatchedTimes,
  slowMs: number,
): Promise<FlowStatistics> {
  const { flows, cut } = await readFlows(recorded(times));
  const durations: number[] = [];
  const alerts: Alert[] = [];
  const left = flows.entries();
  const work = async () => {
    for (const [flowId, events] of left) {
      const startedAt = await startOf(acceptedAt, flowId, events);
      durations.push(latestOf(events) - startedAt);
      // The first that came too late: the next run finds it again, or the alert that it raised.
      const late = events.filter((at) => at - startedAt > slowMs);
      if (late.length > 0) alerts.push(slowFlow(flowId, earliestOf(late), startedAt, slowMs));
    }
  };
  await Promise.all(Array.from({ length: readAtOnce }, work));
  return { durations, alerts, cut };
}

/** When the events of each flow were accepted. */
async function readFlows(parts: AsyncIterable<readonly FlowEvent[]>) {
  const flows = new Map<string, number[]>();
  let read = 0;
  for await (const part of parts) {
    if (read >= mostEvents) return { flows, cut: true };
    read += part.length;
    for (const { type, flow, acceptedAt } of part) {
      // A watch over its own alerts would never come to an end.
      if (type === alertType) continue;
      const events = flows.get(flow);
      if (events === undefined) flows.set(flow, [acceptedAt]);
      else events.push(acceptedAt);
    }
  }
  return { flows, cut: false };
}

/** One flow may have all events of a run, which are too many for the arguments of a call. */
function earliestOf(times: readonly number[]): number {
  return times.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
}

function latestOf(times: readonly number[]): number {
  return times.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
}

/** A flow has the id of its first event, and that mostly tells when it was. */
async function startOf(
  acceptedAt: WatchedHistory["acceptedAt"],
  flowId: string,
  events: readonly number[],
): Promise<number> {
  const seen = earliestOf(events);
  return Math.min(idTime(flowId) ?? (await acceptedAt(flowId)) ?? seen, seen);
}

function slowFlow(flowId: string, atMs: number, startedAt: number, slowMs: number): Alert {
  const value = atMs - startedAt;
  return { metric: "flow.duration", subject: flowId, value, threshold: slowMs, state: "raised", atMs, key: "" };
}
