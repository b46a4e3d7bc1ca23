import { agentCreated, agentError, agentHeartbeat, agentStarted, agentStopped } from "../catalog/agent.ts";
import { taskAssigned, taskCompleted, taskFailed, taskStarted } from "../catalog/task.ts";
import type { HandlerContext } from "../delivery/handler.ts";
import { isParked } from "../delivery/parked-error.ts";
import { runContext } from "../delivery/run-context.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import { mustBe } from "../error/must-be.ts";
import { readField } from "../error/thrown.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import type { Event } from "../event/event.ts";
import type { Timer } from "../runtime/clock.ts";
import { type AnyBus, dataOf, openBus } from "./dependencies.ts";

/** A task that an agent was assigned, as `task.assigned` has it. */
export interface AssignedTask {
  /** Of the `task.created`. */
  readonly taskId: string;
  /** For people. */
  readonly title?: string | undefined;
  /** What is to be done. */
  readonly instruction?: string | undefined;
  /** What it is to be done with: JSON. */
  readonly input?: unknown;
  /** 1 for the first assignment; greater where another agent had it before. */
  readonly attempt?: number | undefined;
}

/** An agent, and what it does. */
export interface AgentOptions {
  /** 1 to 40 small letters, digits and hyphens. */
  readonly id: string;
  /** For people. */
  readonly name?: string;
  /** What it can do, for an orchestrator to choose by. */
  readonly capabilities?: readonly string[];
  /** How often it says that it is alive. Default 15 s, at least 1 s. */
  readonly heartbeat?: Duration;
  /** Tasks that it works on at once. Default 1. */
  readonly concurrency?: number;
  /** Attempts at a task before it has failed. Default 3. */
  readonly attempts?: number;
  /** How long an attempt may take. Default 10 min. */
  readonly timeout?: Duration;
  /** Works on a task; what it returns is the result, JSON. What it throws is retried. */
  work(task: AssignedTask, context: HandlerContext): unknown;
}

/** An agent at work. */
export interface RunningAgent {
  /** As given. */
  readonly id: string;
  /** Finishes what it is working on, and says that it stopped. A second call does nothing. */
  stop(): Promise<void>;
  /** The same as `stop`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Runs an agent: it says who it is and that it is alive, works on the tasks that it is assigned, by a durable subscription of
 * its own, and tells how each ended, all in standard events. Rejects with `invalid_config` for a wrong option, and as
 * `subscribe`.
 */
export async function startAgent(bus: AnyBus, options: AgentOptions): Promise<RunningAgent> {
  const { bus: events, clock, onError } = openBus("startAgent", bus);
  const { id: agentId, attempts = 3, concurrency = 1 } = options;
  if (typeof agentId !== "string" || !/^[a-z0-9][a-z0-9-]{0,39}$/.test(agentId)) {
    throw new BusError(
      "invalid_config",
      `startAgent: id ${mustBe("1 to 40 small letters, digits and hyphens", agentId)}`,
    );
  }
  const beatMs = parseDuration(options.heartbeat ?? "15s", "startAgent: heartbeat", { min: 1_000 });
  const metadata = { agentId };
  let running = 0;
  let timer: Timer;
  let stopped: Promise<void> | undefined;

  const handler = async (event: Event, context: HandlerContext): Promise<void> => {
    const task = dataOf(taskAssigned, event);
    if (task === undefined) return;
    const { taskId, attempt } = task;
    const about = { taskId, agentId, ...(attempt === undefined ? {} : { attempt }) };
    running += 1;
    try {
      await events.publish(taskStarted, about, { dedupe: "started", metadata });
      const result = await options.work(task, context);
      const data = { ...about, ...(result === undefined ? {} : { result }) };
      await events.publish(taskCompleted, data, { dedupe: "completed", metadata });
    } catch (thrown) {
      await tell(thrown, event, about, context);
      throw thrown;
    } finally {
      running -= 1;
    }
  };

  /** Outside of the attempt, which may publish no more where its time was up. */
  const tell = async (thrown: unknown, cause: Event, about: { readonly taskId: string }, context: HandlerContext) => {
    const name = readField(Object(thrown), "name");
    // It waits, or its bus closes, and nothing has failed.
    if (isParked(thrown) || readField(Object(context.signal.reason), "code") === "closed") return;
    const error = messageOf(thrown);
    const { attempt } = context;
    const { correlationId } = cause.metadata;
    const of = { metadata: { agentId, correlationId, causationId: cause.id } };
    await runContext.exit(async () => {
      await events.publish(agentError, { agentId, error }, of);
      if (attempt < attempts && name !== "NonRetriableError") return;
      await events.publish(taskFailed, { ...about, error }, of);
    });
  };

  const { capabilities, name } = options;
  const profile = {
    agentId,
    ...(name === undefined ? {} : { name }),
    ...(capabilities === undefined ? {} : { capabilities: [...capabilities] }),
  };
  const beat = async (): Promise<void> => {
    try {
      // With its profile, for who knows it from here on only.
      const data = { ...profile, status: running > 0 ? "busy" : "idle", load: running / concurrency };
      await events.publish(agentHeartbeat, data, { metadata });
    } catch (thrown) {
      const error = toBusError(thrown);
      if (error.code === "closed") return;
      onError(error);
    }
    if (stopped === undefined) timer = clock.setTimer(() => void beat(), beatMs);
  };

  const subscription = {
    name: `agent-${agentId}`,
    on: taskAssigned.type,
    where: { data: { agentId: [agentId] } },
    attempts,
    concurrency,
    timeout: options.timeout ?? "10m",
  };
  const subscriber = await Reflect.apply(events.subscribe, events, [subscription, handler]);
  await events.publish(agentCreated, profile, { metadata });
  await events.publish(agentStarted, { agentId, status: "idle" }, { metadata });
  timer = runContext.exit(() => clock.setTimer(() => void beat(), beatMs));

  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      clock.clearTimer(timer);
      await subscriber.close();
      try {
        await events.publish(agentStopped, { agentId }, { metadata });
      } catch (thrown) {
        // Where its bus was closed before, it falls silent.
        if (toBusError(thrown).code !== "closed") throw thrown;
      }
    })();
    return stopped;
  };
  return { id: agentId, stop, [Symbol.asyncDispose]: stop };
}
