import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import type { PublishData } from "../event/data-types.ts";
import type { Draft, Event } from "../event/event.ts";
import { isRecord } from "../runtime/is-record.ts";
import type { PublishOptions } from "./options.ts";
import { refusedPublish } from "./refused.ts";

type Words<Path extends string> = Path extends `${infer First}.${infer Rest}` ? [First, ...Words<Rest>] : [Path];

type EmitAt<Events, Prefix extends string> = {
  [Type in keyof Events & string as Type extends `${Prefix}${infer Rest}`
    ? Words<Rest>[0]
    : never]: Type extends `${Prefix}${infer Rest}`
    ? Rest extends `${infer Next}.${string}`
      ? EmitAt<Events, `${Prefix}${Next}.`>
      : (data: PublishData<Events[Type]>, options?: PublishOptions) => Promise<Event<Type, Events[Type]>>
    : never;
};

/** One method for each type: `emit.task.completed(data, options)`. */
export type Emit<Events> = EmitAt<Events, "">;

type Publish = (draft: Draft, options: PublishOptions | undefined) => Promise<Event>;

/** Words of type names, each with what follows it. */
interface WordTree {
  type?: string;
  readonly next: Map<string, WordTree>;
}

/** `emit.task.completed(data)` for every type; a type that also begins others is a call with properties. */
export function createEmit(types: readonly string[], publish: Publish): object {
  const root: WordTree = { next: new Map() };
  for (const type of types) {
    let node = root;
    for (const word of type.split(".")) {
      const next: WordTree = node.next.get(word) ?? { next: new Map() };
      node.next.set(word, next);
      node = next;
    }
    node.type = type;
  }
  return build(root, publish);
}

function build({ type, next }: WordTree, publish: Publish): object {
  const node =
    type === undefined
      ? Object.create(null)
      : (data: unknown, options?: PublishOptions) => {
          try {
            return publish(toDraft(type, data, options), options);
          } catch (thrown) {
            return refusedPublish(thrown);
          }
        };
  // Defined, not assigned: a function has a `name` and a `length` that cannot be assigned.
  for (const [word, tree] of next) {
    Object.defineProperty(node, word, { value: build(tree, publish), enumerable: true, configurable: true });
  }
  return node;
}

/** The draft that a type, its data and the options of a publish stand for. `invalid_config` for what is no object of options. */
export function toDraft(type: string, data: unknown, options: PublishOptions | undefined): Draft {
  if (options === undefined) return { type, data };
  if (!isRecord(options)) {
    throw new BusError(
      "invalid_config",
      `${type}: the options ${mustBe("an object such as { source, metadata, dedupe }", options)}`,
    );
  }
  const { dedupe: _, delay: _delay, deliverAt: _deliverAt, tx: _tx, ...rest } = options;
  return { type, data, ...rest };
}
