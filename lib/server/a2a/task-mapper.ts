import type { Event } from "../../event/event.ts";
import { approvalAnswerTypes, approvalRequestTypes } from "../../history/approvals.ts";
import { fieldIn, messageIn, questionIn, textIn } from "../event-fields.ts";
import type { Artifact, Part, StreamResponse, TaskState, TaskStatus } from "./protocol.ts";

/** What an event says about a task. */
interface Change {
  readonly state: TaskState;
  /** What a person reads of it. */
  readonly text?: string | undefined;
  /** What the task has made. */
  readonly result?: unknown;
}

/** Types that ask a person for something. */
const questions: readonly string[] = [...approvalRequestTypes, "node.input.blocked", "execution.paused"];
/** Types that answer it. */
const answers: readonly string[] = [...approvalAnswerTypes, "input.received", "execution.resumed"];

const submitted = new Set(["task.created", "task.assigned"]);
const working = new Set(["task.started", "task.retried", "execution.started"]);

/**
 * The tasks of one flow as A2A tells them: each begins with a `task`, updates follow, and none after it has ended. A task that is begun anew after
 * its end is another one to A2A, with the first one's id and a number. The same events in the same order give the same.
 */
export class TaskMapper {
  readonly #contextId: string;
  /** The state of each task that was told of, by its id in A2A. */
  readonly #states = new Map<string, TaskState>();
  /** The id in A2A that a task goes by now, by its own. */
  readonly #current = new Map<string, string>();

  constructor(contextId: string) {
    this.#contextId = contextId;
  }

  /** Whether there was a task, and all have ended. */
  get hasEnded(): boolean {
    return this.#states.size > 0 && [...this.#states.values()].every(isFinal);
  }

  /** What an event becomes; nothing where it is of no task, or of one that has ended. */
  map(event: Event): StreamResponse[] {
    const change = changeOf(event);
    if (change === undefined) return [];
    const own = this.#taskOf(event);
    if (own === undefined) return [];
    const before = this.#current.get(own) ?? own;
    const hasEnded = isFinal(this.#states.get(before));
    if (hasEnded && (isFinal(change.state) || answers.includes(event.type))) return [];
    const taskId = hasEnded ? this.#successorOf(own) : before;
    const isNew = !this.#states.has(taskId);
    // Set anew, so that the last one told of is the last.
    this.#current.delete(own);
    this.#current.set(own, taskId);
    this.#states.set(taskId, change.state);
    return this.#updates(event, change, { taskId, isNew });
  }

  #updates(event: Event, change: Change, { taskId, isNew }: { taskId: string; isNew: boolean }): StreamResponse[] {
    const contextId = this.#contextId;
    const { agentId } = event.metadata;
    const metadata = { eventId: event.id, type: event.type, ...(agentId === undefined ? {} : { agentId }) };
    const status: TaskStatus = {
      state: change.state,
      ...(change.text === undefined
        ? {}
        : {
            message: {
              messageId: event.id,
              contextId,
              taskId,
              role: "ROLE_AGENT",
              parts: [{ text: change.text }],
            },
          }),
      timestamp: event.time,
    };
    const artifacts: Artifact[] =
      change.result === undefined || change.result === null
        ? []
        : [{ artifactId: event.id, name: "result", parts: [partOf(change.result)] }];
    if (isNew) {
      return [{ task: { id: taskId, contextId, status, ...(artifacts.length === 0 ? {} : { artifacts }), metadata } }];
    }
    return [
      ...artifacts.map(
        (artifact): StreamResponse => ({
          artifactUpdate: { taskId, contextId, artifact, lastChunk: true, metadata },
        }),
      ),
      { statusUpdate: { taskId, contextId, status, metadata } },
    ];
  }

  /** The task that an event is about, by its own id: a question that names none is about what was told of last and has not ended. */
  #taskOf({ type, data, metadata }: Event): string | undefined {
    const named = textIn(data, "taskId") ?? (type.startsWith("execution.") ? textIn(data, "executionId") : undefined);
    if (named !== undefined || type.startsWith("task.")) return named;
    const isAnswer = answers.includes(type);
    const open = [...this.#current].findLast(([, id]) => {
      const state = this.#states.get(id);
      return isAnswer ? state === "TASK_STATE_INPUT_REQUIRED" : state !== undefined && !isFinal(state);
    });
    return open?.[0] ?? (isAnswer ? undefined : (metadata.executionId ?? this.#contextId));
  }

  #successorOf(own: string): string {
    for (let count = 2; ; count += 1) {
      const id = `${own}#${count}`;
      if (!this.#states.has(id)) return id;
    }
  }
}

function isFinal(state: TaskState | undefined): boolean {
  return state === "TASK_STATE_COMPLETED" || state === "TASK_STATE_FAILED" || state === "TASK_STATE_CANCELED";
}

function changeOf({ type, data }: Event): Change | undefined {
  if (submitted.has(type)) return { state: "TASK_STATE_SUBMITTED" };
  if (working.has(type) || answers.includes(type)) return { state: "TASK_STATE_WORKING" };
  if (questions.includes(type)) return { state: "TASK_STATE_INPUT_REQUIRED", text: questionIn(data) };
  switch (type) {
    case "task.completed":
      return { state: "TASK_STATE_COMPLETED", result: fieldIn(data, "result") };
    case "execution.completed":
      return { state: "TASK_STATE_COMPLETED", result: fieldIn(data, "output") };
    case "task.failed":
    case "execution.failed":
      return { state: "TASK_STATE_FAILED", text: messageIn(data) };
    case "task.cancelled":
      return { state: "TASK_STATE_CANCELED", text: textIn(data, "reason") };
    default:
      return undefined;
  }
}

function partOf(value: unknown): Part {
  return typeof value === "string" ? { text: value } : { data: value };
}
