import type { EventMetadata } from "../../event/event.ts";
import type { OpenMessage } from "./mapper-state.ts";
import type { AgUiEvent } from "./protocol.ts";

type Origin = Pick<EventMetadata, "streamId" | "agentId">;

const endOf = {
  text: "TEXT_MESSAGE_END",
  span: "REASONING_END",
  reasoning: "REASONING_MESSAGE_END",
} as const;

/** The messages under way. Each step is taken right before its event is given, so that a client can be cut off after any of them. */
export class OpenMessages {
  #open: readonly OpenMessage[] = [];

  /** Those that are open, in the order in which they began. Never changed in place. */
  get all(): readonly OpenMessage[] {
    return this.#open;
  }

  restore(open: readonly OpenMessage[]): void {
    this.#open = open;
  }

  *text(origin: Origin, newId: string, content: string): Generator<AgUiEvent> {
    yield* this.#end(({ kind, ...of }) => kind !== "text" && isOf(of, origin));
    const messageId = this.#find("text", origin) ?? newId;
    if (this.#find("text", origin) === undefined) {
      this.#add("text", messageId, origin);
      yield { type: "TEXT_MESSAGE_START", messageId, role: "assistant" };
    }
    yield { type: "TEXT_MESSAGE_CONTENT", messageId, delta: content };
  }

  *reasoning(origin: Origin, newId: string, content: string): Generator<AgUiEvent> {
    yield* this.#end(({ kind, ...of }) => kind === "text" && isOf(of, origin));
    const messageId = this.#find("span", origin) ?? newId;
    if (this.#find("span", origin) === undefined) {
      this.#add("span", messageId, origin);
      yield { type: "REASONING_START", messageId };
    }
    if (this.#find("reasoning", origin) === undefined) {
      this.#add("reasoning", messageId, origin);
      yield { type: "REASONING_MESSAGE_START", messageId, role: "reasoning" };
    }
    yield { type: "REASONING_MESSAGE_CONTENT", messageId, delta: content };
  }

  /** Ends those of a stream or an agent. */
  endOf(origin: Origin): Generator<AgUiEvent> {
    return this.#end((message) => isOf(message, origin));
  }

  endAll(): Generator<AgUiEvent> {
    return this.#end(() => true);
  }

  /** Whether there is a text of this very stream. */
  hasText({ streamId }: Origin): boolean {
    return streamId !== undefined && this.#open.some((one) => one.kind === "text" && one.streamId === streamId);
  }

  /** The last first, so that a message ends before its span. */
  *#end(ends: (message: OpenMessage) => boolean): Generator<AgUiEvent> {
    for (const message of this.#open.toReversed()) {
      if (!ends(message)) continue;
      this.#open = this.#open.filter((one) => one !== message);
      yield { type: endOf[message.kind], messageId: message.id };
    }
  }

  #find(kind: OpenMessage["kind"], origin: Origin): string | undefined {
    return this.#open.find((one) => one.kind === kind && isOf(one, origin))?.id;
  }

  #add(kind: OpenMessage["kind"], id: string, { streamId, agentId }: Origin): void {
    const of = { ...(streamId === undefined ? {} : { streamId }), ...(agentId === undefined ? {} : { agentId }) };
    this.#open = [...this.#open, { kind, id, ...of }];
  }
}

/** What both name decides: the stream, else the agent; what names neither belongs to all. */
function isOf(message: Origin, { streamId, agentId }: Origin): boolean {
  if (message.streamId !== undefined && streamId !== undefined) return message.streamId === streamId;
  if (message.agentId !== undefined && agentId !== undefined) return message.agentId === agentId;
  return true;
}
