import type { Bus, DeadLetter, Event, FlowNode } from "wagglebus";
import { pathOf, type StartedWorkflow, toWorkflow } from "./ledger.ts";
import type { FoundDocument } from "./scan.ts";

/** What earlier runs have left to do. */
export interface InHand {
  /** Workflows of which a delivery is under way. */
  workflows: StartedWorkflow[];
  /** Documents that such a delivery will read, with whatever content they have then. */
  paths: Set<string>;
}

/** Looks at what was started and not completed. */
export async function readInHand(bus: Pick<Bus, "history">, unfinished: readonly StartedWorkflow[]): Promise<InHand> {
  const inHand: InHand = { workflows: [], paths: new Set() };
  for (const workflow of unfinished) {
    const flow = await bus.history.flow(workflow.flowId);
    if (flow.pending.length === 0) continue;
    inHand.workflows.push(workflow);
    const events = new Map([...eventsOf(flow.roots)].map((event) => [event.id, event]));
    for (const { eventId } of flow.pending) {
      const event = events.get(eventId);
      if (event === undefined) continue;
      for (const path of documentsOf(event)) inHand.paths.add(path);
    }
  }
  return inHand;
}

/**
 * Redrives the dead letters of documents that were changed since they died: a reader reads what is there now. Gives the
 * paths, and the flows that go on.
 */
export async function redriveFixed(
  bus: Pick<Bus, "deadLetters">,
  letters: readonly DeadLetter[],
  found: readonly FoundDocument[],
): Promise<{ paths: Set<string>; flowIds: Set<string> }> {
  const changed = new Map(found.map(({ path, changedMs }) => [path, changedMs]));
  const fixed = letters.filter((letter) => {
    const path = pathOf(letter.event);
    return path !== undefined && (changed.get(path) ?? 0) > Date.parse(letter.deadAt);
  });
  const { done } = await bus.deadLetters.redrive(fixed.map(({ id }) => id));
  const redriven = fixed.filter(({ id }) => done.includes(id));
  return {
    paths: new Set(redriven.flatMap(({ event }) => pathOf(event) ?? [])),
    flowIds: new Set(redriven.map(({ event }) => event.metadata.correlationId)),
  };
}

function documentsOf(event: Event): string[] {
  const workflow = toWorkflow(event);
  if (workflow !== undefined) return workflow.documents.map(({ path }) => path);
  // Only an assignment leads to a reading; what comes after it has been read.
  if (event.type !== "task.assigned") return [];
  const path = pathOf(event);
  return path === undefined ? [] : [path];
}

function* eventsOf(nodes: readonly FlowNode[]): Iterable<Event> {
  for (const node of nodes) {
    yield node.event;
    yield* eventsOf(node.children);
  }
}
