import { toolCallCompleted, toolCallStarted } from "../catalog/tool.ts";
import { messageOf } from "../error/message-of.ts";
import type { Event } from "../event/event.ts";
import type { Clock } from "../runtime/clock.ts";
import { recordable, recordableInput } from "./recordable.ts";
import type { PublishOfRun } from "./run.ts";

/** A tool that is called. */
export interface ToolRequest {
  /** The id that the model gave to the call, where there is one. */
  readonly toolUseId?: string | undefined;
  /** The tool's name. */
  readonly toolName: string;
  /** What the tool is given. */
  readonly toolInput?: unknown;
}

/** What a call publishes by. */
interface Dependencies {
  readonly clock: Clock;
  readonly publish: PublishOfRun;
}

/** A call of a tool under way: `tool.call.started` is published. */
export class ToolCall {
  readonly #started: Event;
  readonly #request: ToolRequest;
  readonly #at: number;
  readonly #dependencies: Dependencies;

  private constructor(started: Event, request: ToolRequest, at: number, dependencies: Dependencies) {
    this.#started = started;
    this.#request = request;
    this.#at = at;
    this.#dependencies = dependencies;
  }

  /** @internal */
  static async start(request: ToolRequest, cause: string | undefined, dependencies: Dependencies): Promise<ToolCall> {
    const { toolUseId, toolName, toolInput } = request;
    const at = dependencies.clock.now();
    const data = { toolUseId, toolName, toolInput: recordableInput(toolInput) };
    const metadata = cause === undefined ? {} : { causationId: cause };
    return new ToolCall(await dependencies.publish(toolCallStarted, data, metadata), request, at, dependencies);
  }

  /** Publishes `tool.call.completed` with what the tool returned. */
  completed(result: unknown): Promise<void> {
    return this.#end(recordable(result), false);
  }

  /** Publishes `tool.call.completed` with what the tool threw, or said of its failure. */
  failed(error: unknown): Promise<void> {
    return this.#end(messageOf(error), true);
  }

  async #end(result: unknown, isError: boolean): Promise<void> {
    const { clock, publish } = this.#dependencies;
    const { toolUseId, toolName } = this.#request;
    const data = { toolUseId, toolName, result, isError, durationMs: clock.now() - this.#at };
    await publish(toolCallCompleted, data, { causationId: this.#started.id });
  }
}
