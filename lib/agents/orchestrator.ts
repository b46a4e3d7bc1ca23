import { taskAssigned } from "../catalog/task.ts";
import { runContext } from "../delivery/run-context.ts";
import { toBusError } from "../error/bus-error.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import type { Timer } from "../runtime/clock.ts";
import { isRecord } from "../runtime/is-record.ts";
import { type AnyBus, type OpenBus, openBus } from "./dependencies.ts";
import {
  chooseAgent,
  type KnownAgent,
  nothingToDo,
  type OpenTask,
  type OrchestratorState,
  reduceOrchestrator,
} from "./orchestrator-state.ts";
import { type Projection, project } from "./projection.ts";

/** How tasks are assigned. */
export interface OrchestratorOptions {
  /** How long an agent may be silent before its tasks go to others. Default 45 s: three of its heartbeats. */
  readonly silence?: Duration;
  /** Tasks and agents are known from the events since then. Default: the last 7 days. */
  readonly since?: string | Date;
  /** Chooses who gets a task; `undefined`: nobody yet. Default: the least loaded of those whose capabilities include all of the task's `requires`. */
  choose?(task: OpenTask, agents: readonly KnownAgent[], loadOf: (agentId: string) => number): string | undefined;
}

/** An orchestrator at work. */
export interface Orchestrator {
  /** What it decides by. */
  readonly state: OrchestratorState;
  /** Assigns no more. */
  stop(): void;
  /** The same as `stop`, for `using`. */
  [Symbol.dispose](): void;
}

const types = [
  "task.created",
  "task.assigned",
  "task.completed",
  "task.failed",
  "task.cancelled",
  "agent.created",
  "agent.updated",
  "agent.started",
  "agent.stopped",
  "agent.heartbeat",
];

const week = 7 * 86_400_000;

/**
 * Assigns each `task.created` to an agent that is there and able to do it, by `task.assigned`, and to another one where that
 * one stops or falls silent. It keeps nothing of its own: one that is started after a crash goes on from history, and of
 * several at once only one assigns a task. Rejects as `project`.
 */
export async function startOrchestrator(bus: AnyBus, options: OrchestratorOptions = {}): Promise<Orchestrator> {
  const open = openBus("startOrchestrator", bus);
  const silenceMs = parseDuration(options.silence ?? "45s", "startOrchestrator: silence", { min: 1_000 });
  const since = options.since ?? new Date(open.clock.now() - week);
  let assigning: Assigning | undefined;
  const projection = await project(bus, {
    of: { type: types, since },
    initial: nothingToDo,
    reduce: (state, event) => {
      assigning?.changed();
      return reduceOrchestrator(state, event);
    },
  });
  assigning = new Assigning(open, projection, silenceMs, options.choose ?? chooseAgent);
  assigning.changed();
  return assigning;
}

class Assigning implements Orchestrator {
  readonly #open: OpenBus;
  readonly #projection: Projection<OrchestratorState>;
  readonly #silenceMs: number;
  readonly #choose: NonNullable<OrchestratorOptions["choose"]>;
  #timer: Timer;
  #stopped = false;
  #looking = false;
  #lookAgain = false;

  constructor(
    open: OpenBus,
    projection: Projection<OrchestratorState>,
    silenceMs: number,
    choose: NonNullable<OrchestratorOptions["choose"]>,
  ) {
    this.#open = open;
    this.#projection = projection;
    this.#silenceMs = silenceMs;
    this.#choose = choose;
  }

  get state(): OrchestratorState {
    return this.#projection.state;
  }

  /** Looks once what has changed is known: many changes make one look. */
  changed(): void {
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = true;
    runContext.exit(() => void Promise.resolve().then(() => this.#look()));
  }

  stop(): void {
    this.#stopped = true;
    this.#open.clock.clearTimer(this.#timer);
    this.#projection.close();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async #look(): Promise<void> {
    const { clock, onError } = this.#open;
    do {
      this.#lookAgain = false;
      try {
        if (!this.#stopped) await this.#assignAll();
      } catch (thrown) {
        onError(toBusError(thrown));
      }
    } while (this.#lookAgain);
    this.#looking = false;
    clock.clearTimer(this.#timer);
    if (this.#stopped) return;
    // Silence is no event: it is looked for.
    this.#timer = clock.setTimer(() => this.changed(), this.#silenceMs / 3);
  }

  async #assignAll(): Promise<void> {
    const { agents, tasks } = this.state;
    const now = this.#open.clock.now();
    const present = [...agents.values()].filter(({ alive, seenAt }) => alive && now - seenAt <= this.#silenceMs);
    const loads = new Map<string, number>(present.map(({ agentId }) => [agentId, 0]));
    const homeless: OpenTask[] = [];
    for (const task of tasks.values()) {
      const load = task.agentId === undefined ? undefined : loads.get(task.agentId);
      if (task.agentId === undefined || load === undefined) homeless.push(task);
      else loads.set(task.agentId, load + 1);
    }
    for (const task of homeless) {
      const agentId = this.#choose(task, present, (id) => loads.get(id) ?? 0);
      if (agentId === undefined) continue;
      loads.set(agentId, (loads.get(agentId) ?? 0) + 1);
      await this.#assign(task, agentId);
    }
  }

  async #assign({ assignments, created, taskId }: OpenTask, agentId: string): Promise<void> {
    const attempt = assignments + 1;
    const data = { ...(isRecord(created.data) ? created.data : {}), taskId, agentId, attempt };
    const { correlationId, priority } = created.metadata;
    try {
      await this.#open.bus.publish(taskAssigned, data, {
        // Of several orchestrators one makes the assignment; the others find it made, to whomever.
        id: `assign-${created.id}-${attempt}`,
        metadata: { agentId, correlationId, causationId: created.id, priority },
      });
    } catch (thrown) {
      if (toBusError(thrown).code !== "conflict") throw thrown;
    }
  }
}
