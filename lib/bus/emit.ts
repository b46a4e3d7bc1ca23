import type { Draft, Event } from "../event/event.ts";
import type { PublishOptions } from "./bus.ts";

type EmitCall = (data: unknown, options?: PublishOptions) => Promise<Event>;
interface EmitNode {
  [word: string]: EmitNode | EmitCall;
}

/** `emit.task.completed(data)` for every type; a type that is also the beginning of others is a call with properties. */
export function createEmit(
  types: readonly string[],
  publish: (draft: Draft, dedupe: string | undefined) => Promise<Event>,
): EmitNode {
  const root: EmitNode = {};
  for (const type of types) {
    const words = type.split(".");
    const last = words.pop() ?? type;
    let node = root;
    for (const word of words) {
      node[word] ??= {};
      node = node[word] as EmitNode;
    }
    node[last] = Object.assign(
      (data: unknown, options: PublishOptions = {}) => publish(toDraft(type, data, options), options.dedupe),
      node[last],
    );
  }
  return root;
}

/** The draft that a definition's type, data and options stand for. */
export function toDraft(type: string, data: unknown, options: PublishOptions): Draft {
  const { dedupe: _, ...rest } = options;
  return { type, data, ...rest };
}
