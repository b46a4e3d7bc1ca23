import type { Flow, FlowNode } from "./flow.ts";

/** All nodes of a flow in the order of its tree, without recursion: a flow may be a chain of thousands. */
export function* flowNodes({ roots }: Pick<Flow, "roots">): Generator<FlowNode, void, void> {
  const rest = roots.toReversed();
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    yield node;
    rest.push(...node.children.toReversed());
  }
}
