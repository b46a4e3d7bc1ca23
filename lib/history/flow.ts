import { eachDeadLetter } from "../dead-letters/each-dead-letter.ts";
import type { DeadLetter, EndedDelivery, PendingDelivery } from "../engine/delivery.ts";
import type { Engine } from "../engine/engine.ts";
import type { EventLog } from "../engine/event-log.ts";
import { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import { queryAll } from "./query-all.ts";

/** One event of a flow with what it caused. */
export interface FlowNode {
  /** The event. */
  event: Event;
  /**
   * Its deliveries that have ended, in the order in which they did. On aws the last end of the event's own, for `dedupeFor`; not those
   * of replays, and of what expired unhandled. Absent where the engine, or this client of it, cannot know.
   */
  deliveries?: EndedDelivery[];
  /** Events whose `causationId` is this one's id, in order of acceptance. */
  children: FlowNode[];
}

/** All events that share a correlation id. */
export interface Flow {
  /** The correlation id. */
  id: string;
  /** `running` while a delivery is pending; then `failed` if one of its deliveries is dead, else `completed`. */
  status: "running" | "completed" | "failed";
  /** Events whose cause is not in the flow, each with what followed. */
  roots: FlowNode[];
  /** How many events. */
  size: number;
  /** RFC 3339: the earliest `time` among its events. */
  startedAt: string;
  /** RFC 3339: the latest `time` among its events. */
  lastAt: string;
  /** Milliseconds between the two. */
  durationMs: number;
  /** Deliveries of the flow that have not ended; empty on aws, which does not know them. */
  pending: PendingDelivery[];
  /** Dead letters of the flow. */
  deadLetters: DeadLetter[];
}

/** Reads a flow by its correlation id, or by the id of one of its events. `not_found` where there is neither. */
export async function readFlow(engine: Engine, id: string): Promise<Flow> {
  const flow = await readKnownFlow(engine, id);
  if (flow !== undefined) return flow;
  const event = await engine.log.get(id);
  const other = event === undefined ? undefined : await readKnownFlow(engine, event.metadata.correlationId);
  if (other !== undefined) return other;
  throw new BusError(
    "not_found",
    `no recorded event has the correlation id or the id ${id}; use \`history.query\` to find a flow`,
  );
}

async function readKnownFlow(engine: Engine, id: string): Promise<Flow | undefined> {
  // Deliveries first: one that ends in between has its events in the list that is read after.
  const pending = (await engine.deliveries.pending?.(id)) ?? [];
  const deadLetters: DeadLetter[] = [];
  for await (const deadLetter of eachDeadLetter(engine.deadLetters, { correlationId: id }))
    deadLetters.push(deadLetter);
  const ended = await engine.deliveries.ended?.(id);
  const events = await flowEvents(engine.log, id);
  return events.length === 0 ? undefined : buildFlow(id, events, { pending, deadLetters, ended });
}

/** A flow's events of history, in order of acceptance. */
async function flowEvents(log: EventLog, id: string): Promise<Event[]> {
  if (log.flow !== undefined) return (await log.flow(id)).map(({ event }) => event);
  const events: Event[] = [];
  for await (const { event } of queryAll(log, { correlationId: id })) events.push(event);
  return events;
}

/** The deliveries of a flow's events. */
export interface FlowDeliveries {
  readonly pending: PendingDelivery[];
  readonly deadLetters: DeadLetter[];
  /** Those that have ended, in that order; undefined where the engine does not know. */
  readonly ended?: readonly EndedDelivery[] | undefined;
}

/** The tree of a flow's events; `events` in order of acceptance, at least one. */
export function buildFlow(id: string, events: readonly Event[], { pending, deadLetters, ended }: FlowDeliveries): Flow {
  const endedOf = ended === undefined ? undefined : Map.groupBy(ended, ({ eventId }) => eventId);
  const nodes = new Map<string, FlowNode>(
    events.map((event) => {
      const deliveries = endedOf === undefined ? {} : { deliveries: endedOf.get(event.id) ?? [] };
      return [event.id, { event, ...deliveries, children: [] }];
    }),
  );
  const roots: FlowNode[] = [];
  let startedAt = events[0]?.time ?? "";
  let lastAt = startedAt;
  const placed = new Set<FlowNode>();
  for (const node of nodes.values()) {
    const { event } = node;
    const cause = event.metadata.causationId;
    const parent = cause === undefined ? undefined : nodes.get(cause);
    placed.add(node);
    // Publishers may give any `causationId`. In a cycle, some cause was accepted later than its effect: cut there, no event is hidden.
    const inCycle = parent !== undefined && (parent === node || (!placed.has(parent) && causes(nodes, event)));
    (parent === undefined || inCycle ? roots : parent.children).push(node);
    if (Date.parse(event.time) < Date.parse(startedAt)) startedAt = event.time;
    if (Date.parse(event.time) > Date.parse(lastAt)) lastAt = event.time;
  }
  return {
    id,
    status: pending.length > 0 ? "running" : deadLetters.length > 0 ? "failed" : "completed",
    roots,
    size: nodes.size,
    startedAt,
    lastAt,
    durationMs: Date.parse(lastAt) - Date.parse(startedAt),
    pending,
    deadLetters,
  };
}

/** Whether an event is among its own causes. */
function causes(nodes: ReadonlyMap<string, FlowNode>, event: Event): boolean {
  const seen = new Set<string>();
  for (let id = event.metadata.causationId; id !== undefined && !seen.has(id); ) {
    if (id === event.id) return true;
    seen.add(id);
    id = nodes.get(id)?.event.metadata.causationId;
  }
  return false;
}
