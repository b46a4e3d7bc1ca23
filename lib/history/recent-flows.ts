import type { DeadLetters } from "../dead-letters/dead-letters.ts";
import type { DeliveryQueue } from "../engine/delivery-queue.ts";
import type { HistoryQuery } from "../engine/queries.ts";
import type { Event } from "../event/event.ts";
import { inParallel } from "../runtime/in-parallel.ts";
import type { History } from "./history.ts";

/** A flow in a list. */
export interface FlowSummary {
  /** The correlation id. */
  readonly id: string;
  /** `running` while a delivery is pending; then `failed` if one of its deliveries is dead, else `completed`. */
  readonly status: "running" | "completed" | "failed";
  /** The type of its first event. */
  readonly type: string;
  /** The source of its first event. */
  readonly source: string;
  /** RFC 3339: the `time` of its first event. */
  readonly startedAt: string;
  /** The type of its last event. */
  readonly lastType: string;
  /** RFC 3339: the `time` of its last event. */
  readonly lastAt: string;
  /** Milliseconds between the two. */
  readonly durationMs: number;
  /** Its dead letters; counts no further than 10. */
  readonly deadLetters: number;
}

/** One page of flows. */
export interface FlowPage {
  /** Those whose last event lies in the stretch of history that was looked at, the newest first. */
  readonly flows: FlowSummary[];
  /** Events that were looked at. */
  readonly looked: number;
  /** Goes on with the next stretch; absent at the end of history. */
  readonly cursor?: string;
}

/** How flows are listed. */
export interface FlowPageOptions {
  /** Events to look at, 1 to {@link mostEvents}. */
  readonly limit: number;
  readonly cursor?: string;
}

/** Where flows are looked up. */
export interface FlowSources {
  readonly history: Pick<History, "query">;
  readonly deadLetters: Pick<DeadLetters, "list">;
  readonly deliveries: Pick<DeliveryQueue, "pending">;
}

/** The most events that one page looks at. */
export const mostEvents = 500;
const mostDeadLetters = 10;
/** Flows that are looked up at once. */
const parallel = 8;

/**
 * The flows of a stretch of history, each once, where its last event lies. However many events there are, a page looks at `limit` of them and asks
 * the store a few short questions for each flow in it.
 */
export async function recentFlows(
  sources: FlowSources,
  query: HistoryQuery,
  { limit, cursor }: FlowPageOptions,
): Promise<FlowPage> {
  const { history } = sources;
  const page = await history.query({ ...query, limit, ...(cursor === undefined ? {} : { cursor }) });
  const lastOf = new Map<string, Event>();
  for (const event of page.events) {
    const id = event.metadata.correlationId;
    if (!lastOf.has(id)) lastOf.set(id, event);
  }
  const found = await inParallel([...lastOf], parallel, async ([id, last]) => {
    // On a later page: a flow that went on above was on an earlier one.
    if (cursor !== undefined && (await endOf(history, { ...query, correlationId: id }))?.id !== last.id)
      return undefined;
    return summaryOf(sources, id, last);
  });
  return {
    flows: found.filter((flow) => flow !== undefined),
    looked: page.events.length,
    ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
  };
}

async function summaryOf(
  { deadLetters, deliveries, history }: FlowSources,
  id: string,
  last: Event,
): Promise<FlowSummary> {
  // Pending first: a delivery that dies in between is among the dead letters that are read after.
  const [pending, first = last] = await Promise.all([
    deliveries.pending?.(id, 1) ?? [],
    endOf(history, { correlationId: id, order: "oldest" }),
  ]);
  const dead = await deadLetters.list({ correlationId: id, limit: mostDeadLetters });
  const failed = dead.deadLetters.length;
  return {
    id,
    status: pending.length > 0 ? "running" : failed > 0 ? "failed" : "completed",
    type: first.type,
    source: first.source,
    startedAt: first.time,
    lastType: last.type,
    lastAt: last.time,
    durationMs: Math.max(0, Date.parse(last.time) - Date.parse(first.time)),
    deadLetters: failed,
  };
}

/** The newest event that a query selects, or in its other order the oldest. */
async function endOf(
  history: FlowSources["history"],
  query: Parameters<History["query"]>[0],
): Promise<Event | undefined> {
  return (await history.query({ ...query, limit: 1 })).events[0];
}
