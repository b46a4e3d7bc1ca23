import type { OpenBus } from "../agents/dependencies.ts";
import { handoffAccepted, handoffRequested } from "../catalog/handoff.ts";
import type { EventDefinition } from "../event/definition.ts";
import type { DraftMetadata, Event } from "../event/event.ts";
import { failing } from "./failing.ts";
import { type ModelAnswer, ModelCall } from "./model-call.ts";
import type { Prices } from "./prices.ts";
import { ToolCall, type ToolRequest } from "./tool-call.ts";

/** Publishes an event of a run. */
export type PublishOfRun = <Data>(
  definition: EventDefinition<string, Data>,
  data: NoInfer<Data>,
  metadata?: DraftMetadata,
) => Promise<Event>;

/** What a {@link Run} consists of. */
export interface RunContent {
  readonly flow: string;
  readonly resumed: boolean;
  readonly prices: Prices | undefined;
  /** Of each of its events. */
  readonly metadata: DraftMetadata;
  /** The event that it began with. */
  readonly root: Event;
}

/**
 * One execution of an agent, as {@link execution} gives it to its function. The functions of an adapter publish by it; what no
 * adapter covers can be published with its methods. A method resolves once its event is accepted; one that is not awaited is
 * waited for at the end of the execution, which fails with it.
 */
export class Run {
  /** The flow to which its events belong. As the id of a thread or session of the framework, it has that resume by the flow. */
  readonly flow: string;
  /** Whether it was begun before, and not completed. */
  readonly resumed: boolean;
  readonly #open: OpenBus;
  readonly #content: RunContent;
  readonly #pending = new Set<Promise<unknown>>();
  #failure: { readonly thrown: unknown } | undefined;
  /** The calls of models that asked for tools, and the calls of tools under way, by the id of the call of the tool. */
  readonly #askedBy = new Map<string, string>();
  readonly #tools = new Map<string, Promise<ToolCall>>();

  /** @internal */
  constructor(open: OpenBus, content: RunContent) {
    this.#open = open;
    this.#content = content;
    this.flow = content.flow;
    this.resumed = content.resumed;
  }

  /** Publishes another event of this run, by default caused by its beginning. */
  readonly publish: PublishOfRun = (definition, data, metadata = {}) => {
    const { root, metadata: shared } = this.#content;
    // Fields that a framework leaves open are absent, as in any other event.
    const fields = Object.fromEntries(Object.entries(Object(data)).filter(([, value]) => value !== undefined));
    const publish = this.#open.bus.publish({
      type: definition.type,
      data: fields,
      metadata: { causationId: root.id, ...shared, ...metadata },
    });
    return this.#track(publish);
  };

  /** Publishes `llm.call.started`; what comes of the call is published by what this resolves with. */
  modelCall(model: string, provider?: string): Promise<ModelCall> {
    const { clock, nextId } = this.#open;
    const { prices } = this.#content;
    const asked = (toolUseId: string, by: string) => this.#askedBy.set(toolUseId, by);
    const call = { model, provider, prices, streamId: nextId() };
    return this.#track(ModelCall.start(call, { clock, asked, publish: this.publish }));
  }

  /** Calls a model, and publishes the start and the end of it; `answerOf` reads the answer. */
  async runModel<Result>(
    { model, provider }: { readonly model: string; readonly provider?: string | undefined },
    run: () => PromiseLike<Result>,
    answerOf: (result: Result) => ModelAnswer,
  ): Promise<Result> {
    const call = await this.modelCall(model, provider);
    const result = await failing(call, run);
    await call.completed(answerOf(result));
    return result;
  }

  /** Publishes `tool.call.started`, caused by the call of a model that asked for it where that is known. */
  toolCall(request: ToolRequest): Promise<ToolCall> {
    const { toolUseId } = request;
    const cause = toolUseId === undefined ? undefined : this.#askedBy.get(toolUseId);
    const call = this.#track(ToolCall.start(request, cause, { clock: this.#open.clock, publish: this.publish }));
    if (toolUseId !== undefined) this.#tools.set(toolUseId, call);
    return call;
  }

  /** Ends a call of a tool that {@link Run.toolCall} began, by its `toolUseId`. Ignores an unknown one. */
  toolEnded(toolUseId: string, end: (call: ToolCall) => Promise<void>): Promise<void> {
    const call = this.#tools.get(toolUseId);
    this.#tools.delete(toolUseId);
    return this.#track(Promise.resolve(call?.then(end)));
  }

  /** Runs a tool, and publishes the start and the end of it. */
  async runTool<Result>(request: ToolRequest, run: () => Result | PromiseLike<Result>): Promise<Result> {
    const call = await this.toolCall(request);
    const result = await failing(call, run);
    await call.completed(result);
    return result;
  }

  /** Publishes `handoff.requested` and `handoff.accepted`: an agent has taken over from another one. */
  handedOff(fromAgentId: string, toAgentId: string): Promise<void> {
    const data = { fromAgentId, toAgentId };
    const handOff = async () => {
      const { id } = await this.publish(handoffRequested, data);
      await this.publish(handoffAccepted, data, { agentId: toAgentId, causationId: id });
    };
    return this.#track(handOff());
  }

  /** Resolves once all that was published so far is accepted. Rejects with the first failure. */
  async published(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }

  #track<Value>(work: Promise<Value>): Promise<Value> {
    const settled: Promise<unknown> = work
      .catch((thrown: unknown) => {
        this.#failure ??= { thrown };
      })
      .finally(() => this.#pending.delete(settled));
    this.#pending.add(settled);
    return work;
  }
}
