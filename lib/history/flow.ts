import { eachDeadLetter } from "../dead-letters/dead-letters.ts";
import type { DeadLetter, PendingDelivery } from "../engine/delivery.ts";
import type { Engine } from "../engine/engine.ts";
import type { Flow, FlowNode } from "../engine/queries.ts";
import { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";

/** Reads a flow by its correlation id, or by the id of one of its events. `not_found` where there is neither. */
export async function readFlow(engine: Engine, id: string): Promise<Flow> {
  const flow = await readKnownFlow(engine, id);
  if (flow !== undefined) return flow;
  const event = await engine.get(id);
  const other = event === undefined ? undefined : await readKnownFlow(engine, event.metadata.correlationId);
  if (other !== undefined) return other;
  throw new BusError(
    "not_found",
    `no recorded event has the correlation id or the id ${id}; list flows by \`history\``,
  );
}

async function readKnownFlow(engine: Engine, id: string): Promise<Flow | undefined> {
  // Deliveries first: one that ends in between has its events in the list that is read after.
  const pending = await engine.pending(id);
  const deadLetters: DeadLetter[] = [];
  for await (const letter of eachDeadLetter(engine, { correlationId: id })) deadLetters.push(letter);
  const events = await engine.flowEvents(id);
  return events.length === 0 ? undefined : buildFlow(id, events, pending, deadLetters);
}

/** The tree of a flow's events; `events` in order of acceptance, at least one. */
export function buildFlow(
  id: string,
  events: readonly Event[],
  pending: PendingDelivery[],
  deadLetters: DeadLetter[],
): Flow {
  const nodes = new Map<string, FlowNode>(events.map((event) => [event.id, { event, children: [] }]));
  const roots: FlowNode[] = [];
  let startedAt = events[0]?.time ?? "";
  let lastAt = startedAt;
  const placed = new Set<FlowNode>();
  for (const node of nodes.values()) {
    const { event } = node;
    const cause = event.metadata.causationId;
    const parent = cause === undefined ? undefined : nodes.get(cause);
    placed.add(node);
    // Publishers may give any `causationId`. A ring has a cause that came later somewhere: cut there, no event is hidden.
    const inRing = parent !== undefined && (parent === node || (!placed.has(parent) && causes(nodes, event)));
    (parent === undefined || inRing ? roots : parent.children).push(node);
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
