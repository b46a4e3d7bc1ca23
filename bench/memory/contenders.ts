import { BaseEvent, EventBus } from "abxbus";
import Emittery from "emittery";
import { connect } from "wagglebus";
import { z } from "zod";

/** A library that delivers typed events to handlers in this process. */
export interface Contender {
  /** Publishes one event; resolves when the caller may continue. */
  publish(index: number): Promise<unknown>;
  close(): Promise<unknown>;
}

/** Sets up `subscriptions` handlers, of which at most three match the published events. Each match calls `handled`. */
export type Setup = (subscriptions: number, handled: () => void) => Promise<Contender>;

const matching = (subscriptions: number) => Math.min(subscriptions, 3);
const types = ["agent.task.completed", "memory.created", "workflow.started", "tool.call.completed", "goal.progress"];

/** Typed, validated and recorded, with retries, dead letters and history, which are always on. */
const waggle: Setup = async (subscriptions, handled) => {
  const bus = await connect({ engine: "memory", source: "bench" });
  for (let at = 0; at < subscriptions; at += 1) {
    const matches = at < matching(subscriptions);
    await bus.subscribe(
      matches
        ? { name: `s${at}`, on: ["task.completed"], concurrency: 1_000 }
        : {
            name: `s${at}`,
            on: [at % 2 === 0 ? "task.completed" : (types[at % types.length] ?? "task.failed")],
            where: { data: { taskId: [`other-${at}`] } },
          },
      handled,
    );
  }
  return {
    publish: (index) => bus.emit.task.completed({ taskId: `task-${index}`, result: { ok: true } }),
    close: () => bus.close(),
  };
};

/**
 * The nearest peer: typed and validated, with parent tracking. It runs with its fastest settings: parallel, `wait`, and no
 * history. A history shorter than the events in flight drops some of them (with its default of 100 this benchmark never
 * ends), and a longer one halves its rate. It has no patterns: handlers that must not match listen to other types.
 */
const abxbus: Setup = async (subscriptions, handled) => {
  const bus = new EventBus("Bench", {
    max_history_size: 0,
    event_concurrency: "parallel",
    event_handler_concurrency: "parallel",
    event_handler_detect_file_paths: false,
  });
  const shape = { taskId: z.string(), result: z.unknown() };
  const TaskCompleted = BaseEvent.extend("TaskCompleted", shape);
  for (let at = 0; at < subscriptions; at += 1) {
    if (at < matching(subscriptions)) bus.on(TaskCompleted, () => handled());
    else bus.on(BaseEvent.extend(`Other${at}`, shape), handled);
  }
  return {
    publish: (index) => bus.emit(TaskCompleted({ taskId: `task-${index}`, result: { ok: true } })).wait(),
    close: async () => bus.destroy(),
  };
};

/** A parse and a function call, without id, history or retry. */
const emittery: Setup = async (subscriptions, handled) => {
  const emitter = new Emittery();
  const schema = z.looseObject({ taskId: z.string(), result: z.json().optional() });
  for (let at = 0; at < subscriptions; at += 1) {
    emitter.on(at < matching(subscriptions) ? "task.completed" : `other.${at}`, () => handled());
  }
  return {
    publish: (index) => emitter.emit("task.completed", schema.parse({ taskId: `task-${index}`, result: { ok: true } })),
    close: async () => emitter.clearListeners(),
  };
};

export const contenders: Readonly<Record<string, Setup>> = { waggle, abxbus, emittery };
