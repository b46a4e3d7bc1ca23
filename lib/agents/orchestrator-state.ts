import * as z from "zod";
import { agentCreated, agentStopped, agentUpdated } from "../catalog/agent.ts";
import { taskAssigned, taskCreated } from "../catalog/task.ts";
import type { Event } from "../event/event.ts";
import { dataOf } from "./dependencies.ts";

/** An agent as an orchestrator knows it. */
export interface KnownAgent {
  /** Of its events. */
  readonly agentId: string;
  /** What it said last that it can do. */
  readonly capabilities: readonly string[];
  /** Milliseconds since 1970, by its own clock: its last event. */
  readonly seenAt: number;
  /** Whether it has started and not stopped. */
  readonly alive: boolean;
}

/** A task that has not ended. */
export interface OpenTask {
  /** Of its events. */
  readonly taskId: string;
  /** The event that created it. */
  readonly created: Event;
  /** What whoever does it must be able to do: the `requires` of its data. */
  readonly requires: readonly string[];
  /** Who has it now. */
  readonly agentId?: string;
  /** How often it was assigned. */
  readonly assignments: number;
}

/** What an orchestrator decides by: all of it is in history. */
export interface OrchestratorState {
  /** By id. */
  readonly agents: ReadonlyMap<string, KnownAgent>;
  /** Those that have not ended, by id. */
  readonly tasks: ReadonlyMap<string, OpenTask>;
}

export const nothingToDo: OrchestratorState = { agents: new Map(), tasks: new Map() };

const ofTask = z.looseObject({ taskId: z.string() });
const ofAgent = z.looseObject({ agentId: z.string(), capabilities: z.array(z.string()).optional() });

/** The state after an event. */
export function reduceOrchestrator(state: OrchestratorState, event: Event): OrchestratorState {
  return event.type.startsWith("agent.") ? withAgent(state, event) : withTask(state, event);
}

function withAgent({ agents, tasks }: OrchestratorState, event: Event): OrchestratorState {
  const parsed = ofAgent.safeParse(event.data);
  if (!parsed.success) return { agents, tasks };
  const { agentId, capabilities } = parsed.data;
  const known = agents.get(agentId);
  const describes = event.type === agentCreated.type || event.type === agentUpdated.type;
  const next: KnownAgent = {
    agentId,
    capabilities: capabilities ?? known?.capabilities ?? [],
    seenAt: Math.max(known?.seenAt ?? 0, Date.parse(event.time)),
    alive: describes ? (known?.alive ?? false) : event.type !== agentStopped.type,
  };
  return { agents: new Map(agents).set(agentId, next), tasks };
}

function withTask({ agents, tasks }: OrchestratorState, event: Event): OrchestratorState {
  const parsed = ofTask.safeParse(event.data);
  if (!parsed.success) return { agents, tasks };
  const { taskId } = parsed.data;
  const known = tasks.get(taskId);
  const next = new Map(tasks);
  if (event.type === taskCreated.type) {
    if (known !== undefined) return { agents, tasks };
    const { requires = [] } = dataOf(taskCreated, event) ?? {};
    next.set(taskId, { taskId, created: event, requires, assignments: 0 });
  } else if (event.type === taskAssigned.type) {
    const agentId = dataOf(taskAssigned, event)?.agentId;
    if (known === undefined || agentId === undefined) return { agents, tasks };
    next.set(taskId, { ...known, agentId, assignments: known.assignments + 1 });
  } else next.delete(taskId);
  return { agents, tasks: next };
}

/** Who gets a task: the least loaded of those who are there and able; of equals the one whose id comes first. */
export function chooseAgent(
  { requires }: OpenTask,
  agents: readonly KnownAgent[],
  loadOf: (agentId: string) => number,
): string | undefined {
  const able = agents.filter(({ capabilities }) => requires.every((one) => capabilities.includes(one)));
  const [first] = able.sort(
    (one, other) => loadOf(one.agentId) - loadOf(other.agentId) || (one.agentId < other.agentId ? -1 : 1),
  );
  return first?.agentId;
}
