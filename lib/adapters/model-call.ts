import { llmCallCompleted, llmCallFailed, llmCallStarted, llmReasoningDelta, llmTextDelta } from "../catalog/llm.ts";
import { messageOf } from "../error/message-of.ts";
import type { DraftMetadata } from "../event/event.ts";
import type { Clock } from "../runtime/clock.ts";
import { costOf, type Prices, type Tokens } from "./prices.ts";
import type { PublishOfRun } from "./run.ts";

/** What a call of a model came to, as far as its framework says. */
export interface ModelAnswer extends Tokens {
  /** The model that answered; default: the one that was asked. */
  readonly model?: string | undefined;
  /** Why the model ended, such as `stop`, `length` or `tool-calls`. */
  readonly finishReason?: string | undefined;
  /** What it cost in US dollars; default: by the prices of the run. */
  readonly cost?: number | undefined;
  /** The ids of the calls of tools that the model asks for: their events are caused by this one. */
  readonly toolUseIds?: readonly string[] | undefined;
}

/** The model that is called, and what for. */
interface ModelRequest {
  readonly model: string;
  readonly provider: string | undefined;
  readonly prices: Prices | undefined;
  /** Of all events of the call. */
  readonly streamId: string;
}

/** What a call publishes by. */
interface Dependencies {
  readonly clock: Clock;
  readonly publish: PublishOfRun;
  /** Remembers which event asked for a call of a tool. */
  asked(toolUseId: string, by: string): void;
}

/** A call of a model under way: `llm.call.started` is published. */
export class ModelCall {
  readonly #request: ModelRequest;
  readonly #dependencies: Dependencies;
  readonly #at: number;
  readonly #metadata: DraftMetadata;

  private constructor(request: ModelRequest, causationId: string, at: number, dependencies: Dependencies) {
    this.#request = request;
    this.#dependencies = dependencies;
    this.#at = at;
    this.#metadata = { streamId: request.streamId, causationId };
  }

  /** @internal */
  static async start(request: ModelRequest, dependencies: Dependencies): Promise<ModelCall> {
    const { model, provider, streamId } = request;
    const at = dependencies.clock.now();
    const { id } = await dependencies.publish(llmCallStarted, { model, provider }, { streamId });
    return new ModelCall(request, id, at, dependencies);
  }

  /**
   * Publishes a piece of text. It need not be awaited: the middleware `coalesce` joins pieces, and what is published next comes
   * after them.
   */
  text(content: string): Promise<unknown> {
    return this.#dependencies.publish(llmTextDelta, { content }, this.#metadata);
  }

  /** Publishes a piece of reasoning, as {@link ModelCall.text} does a piece of text. */
  reasoning(content: string): Promise<unknown> {
    return this.#dependencies.publish(llmReasoningDelta, { content }, this.#metadata);
  }

  /**
   * Hands on what a model streams. `publish` is given each part, and returns the answer once a part has it. Publishes
   * `llm.call.failed` where the stream fails, or ends or is left without an answer.
   */
  async *relay<Part>(
    parts: AsyncIterable<Part>,
    publish: (part: Part) => ModelAnswer | undefined,
  ): AsyncGenerator<Part, void, void> {
    let ended = false;
    try {
      for await (const part of parts) {
        const answer = publish(part);
        if (answer !== undefined) {
          ended = true;
          await this.completed(answer);
        }
        yield part;
      }
    } catch (thrown) {
      if (!ended) await this.failed(thrown);
      ended = true;
      throw thrown;
    } finally {
      if (!ended) await this.failed("the stream ended without an answer");
    }
  }

  /** Publishes `llm.call.completed`. */
  async completed(answer: ModelAnswer): Promise<void> {
    const { prices, model: asked, provider } = this.#request;
    const { model = asked, inputTokens, outputTokens, cachedTokens, finishReason, toolUseIds = [] } = answer;
    const cost = answer.cost ?? costOf(prices, model, answer) ?? costOf(prices, asked, answer);
    const data = { model, provider, inputTokens, outputTokens, cachedTokens, cost, finishReason };
    const { id } = await this.#dependencies.publish(
      llmCallCompleted,
      { ...data, durationMs: this.#duration() },
      this.#metadata,
    );
    for (const toolUseId of toolUseIds) this.#dependencies.asked(toolUseId, id);
  }

  /** Publishes `llm.call.failed`. */
  async failed(thrown: unknown): Promise<void> {
    const { model, provider } = this.#request;
    const data = { model, provider, error: messageOf(thrown), durationMs: this.#duration() };
    await this.#dependencies.publish(llmCallFailed, data, this.#metadata);
  }

  #duration(): number {
    return this.#dependencies.clock.now() - this.#at;
  }
}
