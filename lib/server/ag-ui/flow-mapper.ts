import type { Event } from "../../event/event.ts";
import { approvalRequestTypes } from "../../history/approvals.ts";
import { asText, fieldIn, messageIn, nameIn, questionIn, textIn } from "../event-fields.ts";
import type { MapperState, Pause, Run } from "./mapper-state.ts";
import { OpenMessages } from "./open-messages.ts";
import type { AgUiEvent } from "./protocol.ts";
import { SharedState } from "./shared-state.ts";

/** Types that ask a person for something. */
const questions: readonly string[] = [...approvalRequestTypes, "node.input.blocked"];

/** Types with which a run begins where there is none; the end of a model call may come after the question that ended its run. */
const begun = /^((llm\.(text|reasoning)|tool\.call|node\.loop|conversation\.message)\.|llm\.call\.started$)/;

/** Tool calls without a result that are remembered. */
const mostCalls = 16;

/**
 * The events of one flow as AG-UI events, in an order that AG-UI allows whatever comes: what is open is ended before a run ends, and
 * nothing comes outside a run. The same events in the same order give the same, so a client that was cut off can be brought up to date.
 */
export class FlowMapper {
  readonly #messages = new OpenMessages();
  readonly #threadId: string;
  readonly #state = new SharedState();
  #run: Run | undefined;
  #pause: Pause = { kind: "before", runId: null, executionId: null };
  /** The iteration under way of each loop. */
  readonly #loops = new Map<string, string | null>();
  /** Tool calls without a result, by id: the name. */
  #calls = new Map<string, string>();

  constructor(threadId: string) {
    this.#threadId = threadId;
  }

  /** Whether a run has ended, and no other has begun. */
  get isBetweenRuns(): boolean {
    return this.#run === undefined && this.#pause.kind !== "before";
  }

  /** All but the shared state, with which a mapper of the same flow goes on; see {@link restore}. */
  get state(): MapperState {
    return {
      messages: [...this.#messages.all],
      run: this.#run === undefined ? null : { ...this.#run },
      pause: this.#pause,
      loops: [...this.#loops],
      calls: [...this.#calls],
    };
  }

  /** Goes on from a state. The shared state must have been brought there by {@link replay}. */
  restore({ messages, run, pause, loops, calls }: MapperState): void {
    this.#messages.restore(messages);
    this.#run = run === null ? undefined : { ...run };
    this.#pause = pause;
    for (const [name, iteration] of loops) this.#loops.set(name, iteration);
    this.#calls = new Map(calls);
  }

  /** Takes the shared state from an event that was mapped before. */
  replay({ type, data }: Event): void {
    if (type === "state.changed") this.#state.change(data);
  }

  /** What an event becomes. The state is that of after an event where the generator has given it. */
  *map(event: Event): Generator<AgUiEvent> {
    const timestamp = Date.parse(event.time);
    for (const one of this.#map(event)) yield Number.isNaN(timestamp) ? one : { ...one, timestamp };
  }

  /** Says that pieces of a text are gone. */
  *truncated(): Generator<AgUiEvent> {
    yield* this.#messages.endAll();
    if (this.#run !== undefined) yield { type: "CUSTOM", name: "waggle.truncated", value: {} };
  }

  *#map(event: Event): Generator<AgUiEvent> {
    const { type, data, metadata, id } = event;
    yield* this.#shareState();
    if (type.startsWith("execution.")) return yield* this.#execution(event);
    if (type === "state.changed") return yield* this.#changeState(event);
    const begins = questions.includes(type) || begun.test(type);
    if (this.#run === undefined) {
      if (!begins || this.#pause.kind === "ended") return undefined;
      yield* this.#begin(event, metadata.executionId ?? null);
    }
    const content = textIn(data, "content");
    switch (type) {
      case "llm.text.delta":
        if (content !== undefined) yield* this.#messages.text(metadata, id, content);
        return undefined;
      case "llm.reasoning.delta":
        if (content !== undefined) yield* this.#messages.reasoning(metadata, id, content);
        return undefined;
      case "conversation.message.posted":
        return yield* this.#message(event, content);
      case "stream.stopped":
        return yield* this.#messages.endOf({ streamId: nameIn(data, "streamId") ?? metadata.streamId ?? "" });
      case "conversation.turn.completed":
        return yield* this.#messages.endOf(metadata);
      case "tool.call.started":
        yield* this.#messages.endOf(metadata);
        return yield* this.#call(nameIn(data, "toolUseId") ?? id, event);
      case "tool.call.completed":
        return yield* this.#callResult(event);
      case "node.loop.started":
      case "node.loop.iteration":
      case "node.loop.completed":
        return yield* this.#loop(event);
      default:
        if (questions.includes(type)) return yield* this.#interrupt(event);
        return yield { type: "CUSTOM", name: type, value: data ?? null };
    }
  }

  *#execution(event: Event): Generator<AgUiEvent> {
    const { type, data } = event;
    const executionId = nameIn(data, "executionId") ?? null;
    const ends = type !== "execution.started" && type !== "execution.resumed";
    if (this.#run === undefined) {
      // The end of a run published twice, or of an execution within it: neither is a run of its own.
      if (ends && this.#pause.kind === "ended") return;
      yield* this.#begin(event, executionId);
    }
    const run = this.#run;
    if (run === undefined) return;
    run.executionId ??= executionId;
    if (run.executionId !== executionId) {
      // An execution within the run: a part of it, whose end is not the end of the run.
      yield { type: "CUSTOM", name: type, value: data ?? null };
      return;
    }
    if (!ends) return;
    if (type === "execution.paused") return yield* this.#interrupt(event);
    yield* this.#endParts();
    this.#end("ended", run);
    if (type === "execution.failed") {
      yield { type: "RUN_ERROR", message: messageIn(data) };
      return;
    }
    const result = fieldIn(data, "output");
    yield {
      ...this.#finished(run),
      outcome: { type: "success" },
      ...(result === undefined || result === null ? {} : { result }),
    };
  }

  *#begin({ id, metadata }: Event, executionId: string | null): Generator<AgUiEvent> {
    const before = this.#pause;
    // An execution that goes on is a run of its own, and ids of runs are not used twice.
    const runId = before.kind === "before" ? (executionId ?? metadata.executionId ?? this.#threadId) : id;
    this.#run = { runId, executionId, needsState: !this.#state.isEmpty };
    yield {
      type: "RUN_STARTED",
      threadId: this.#threadId,
      runId,
      ...(before.runId === null ? {} : { parentRunId: before.runId }),
    };
    yield* this.#shareState();
  }

  /** What changed between two runs is in it. */
  *#shareState(): Generator<AgUiEvent> {
    if (this.#run?.needsState !== true) return;
    this.#run.needsState = false;
    yield { type: "STATE_SNAPSHOT", snapshot: this.#state.snapshot };
  }

  #end(kind: Pause["kind"], { runId, executionId }: Run): void {
    this.#pause = { kind, runId, executionId };
    this.#run = undefined;
    this.#calls.clear();
  }

  #finished({ runId }: Run): AgUiEvent {
    return { type: "RUN_FINISHED", threadId: this.#threadId, runId };
  }

  *#interrupt({ id, type, data, metadata }: Event): Generator<AgUiEvent> {
    const run = this.#run;
    if (run === undefined) return;
    yield* this.#endParts();
    this.#end("interrupted", run);
    const message = questionIn(data);
    const toolCallId = nameIn(data, "toolUseId");
    yield {
      ...this.#finished(run),
      outcome: {
        type: "interrupt",
        interrupts: [
          {
            id,
            reason: type,
            ...(message === undefined ? {} : { message }),
            ...(toolCallId === undefined ? {} : { toolCallId }),
            ...(metadata.expiresAt === undefined ? {} : { expiresAt: metadata.expiresAt }),
          },
        ],
      },
    };
  }

  *#endParts(): Generator<AgUiEvent> {
    yield* this.#messages.endAll();
    for (const name of this.#loops.keys()) yield* this.#endLoop(name);
  }

  *#changeState({ data }: Event): Generator<AgUiEvent> {
    const delta = this.#state.change(data);
    if (delta.length > 0 && this.#run !== undefined) yield { type: "STATE_DELTA", delta };
  }

  *#message(event: Event, content: string | undefined): Generator<AgUiEvent> {
    const { id: messageId, data, metadata } = event;
    // The text came as deltas already, and this is its end.
    if (this.#messages.hasText(metadata)) return yield* this.#messages.endOf(metadata);
    if (content === undefined) return;
    const given = textIn(data, "role");
    const role = ["user", "system", "developer"].find((one) => one === given) ?? "assistant";
    yield { type: "TEXT_MESSAGE_START", messageId, role };
    yield { type: "TEXT_MESSAGE_CONTENT", messageId, delta: content };
    yield { type: "TEXT_MESSAGE_END", messageId };
  }

  *#call(toolCallId: string, { data }: Event): Generator<AgUiEvent> {
    const toolCallName = nameIn(data, "toolName") ?? "tool";
    const input = fieldIn(data, "toolInput");
    this.#calls.set(toolCallId, toolCallName);
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > mostCalls && oldest !== undefined) this.#calls.delete(oldest);
    yield { type: "TOOL_CALL_START", toolCallId, toolCallName };
    const args = input === undefined ? "" : JSON.stringify(input);
    if (args !== "") yield { type: "TOOL_CALL_ARGS", toolCallId, delta: args };
    yield { type: "TOOL_CALL_END", toolCallId };
  }

  *#callResult(event: Event): Generator<AgUiEvent> {
    const { data, id: messageId } = event;
    const name = nameIn(data, "toolName");
    const last = [...this.#calls].findLast(([, called]) => called === name)?.[0];
    const toolCallId = nameIn(data, "toolUseId") ?? last ?? messageId;
    if (!this.#calls.has(toolCallId)) yield* this.#call(toolCallId, event);
    this.#calls.delete(toolCallId);
    yield {
      type: "TOOL_CALL_RESULT",
      messageId: `${messageId}-result`,
      toolCallId,
      content: asText(fieldIn(data, "result")),
    };
  }

  *#loop({ type, data, metadata }: Event): Generator<AgUiEvent> {
    const stepName = nameIn(data, "nodeId") ?? metadata.nodeId ?? "loop";
    if (type === "node.loop.completed") return yield* this.#endLoop(stepName);
    if (!this.#loops.has(stepName)) {
      // A node may be called as the iteration of another.
      if (this.#isStep(stepName)) return;
      this.#loops.set(stepName, null);
      yield { type: "STEP_STARTED", stepName };
    }
    if (type === "node.loop.started") return;
    yield* this.#endIteration(stepName);
    const iteration = `${stepName} #${asText(fieldIn(data, "iteration") ?? "").slice(0, 32)}`;
    if (this.#isStep(iteration)) return;
    this.#loops.set(stepName, iteration);
    yield { type: "STEP_STARTED", stepName: iteration };
  }

  *#endLoop(stepName: string): Generator<AgUiEvent> {
    if (!this.#loops.has(stepName)) return;
    yield* this.#endIteration(stepName);
    this.#loops.delete(stepName);
    yield { type: "STEP_FINISHED", stepName };
  }

  *#endIteration(stepName: string): Generator<AgUiEvent> {
    const iteration = this.#loops.get(stepName);
    if (iteration === undefined || iteration === null) return;
    this.#loops.set(stepName, null);
    yield { type: "STEP_FINISHED", stepName: iteration };
  }

  #isStep(name: string): boolean {
    return this.#loops.has(name) || [...this.#loops.values()].includes(name);
  }
}
