/** A node of the tree: one name on the paths of fields that patterns use. */
export interface FieldNode {
  readonly name: string;
  /** The number of the field whose path ends here, or -1. */
  field: number;
  readonly children: Map<string, FieldNode>;
  /** Whether a child has children of its own, so that an event may contain them under one dotted name. */
  deep: boolean;
}

/**
 * The fields that patterns use, as a tree of the names on their paths. Paths are split at every dot: AWS's engine treats
 * `"a.b"` and `a` → `b` as the same field, in patterns and events alike.
 */
export class FieldTree {
  readonly root: FieldNode = emptyNode("");
  readonly #numbers = new Map<string, number>();

  /** The number of fields. They are numbered from 0. */
  get size(): number {
    return this.#numbers.size;
  }

  /** Returns the number of the field at a path, and adds the field if it is new. */
  number(path: string): number {
    const known = this.#numbers.get(path);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(path, number);
    let node = this.root;
    let above: FieldNode | undefined;
    for (const name of path.split(".")) {
      if (above !== undefined) above.deep = true;
      let child = node.children.get(name);
      if (child === undefined) {
        child = emptyNode(name);
        node.children.set(name, child);
      }
      above = node;
      node = child;
    }
    node.field = number;
    return number;
  }
}

/** Returns the node of a name below another node. A dot in the name separates two steps. */
export function follow(node: FieldNode, name: string): FieldNode | undefined {
  const child = node.children.get(name);
  if (child !== undefined || !node.deep || !name.includes(".")) return child;
  // The name may be long: it is not split further than the tree goes.
  let at = node;
  let start = 0;
  for (;;) {
    const dot = name.indexOf(".", start);
    const next = at.children.get(dot === -1 ? name.slice(start) : name.slice(start, dot));
    if (next === undefined || dot === -1) return next;
    at = next;
    start = dot + 1;
  }
}

function emptyNode(name: string): FieldNode {
  return { name, field: -1, children: new Map(), deep: false };
}
