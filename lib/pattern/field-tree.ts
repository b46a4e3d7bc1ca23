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
  readonly #numbers = new Map<string, { readonly number: number; users: number }>();
  /** The numbers of removed fields, used again for new ones. */
  readonly #free: number[] = [];

  /** Returns the number of the field at a path, and adds the field if it is new. Each call is a use of the field. */
  number(path: string): number {
    const known = this.#numbers.get(path);
    if (known !== undefined) {
      known.users += 1;
      return known.number;
    }
    const number = this.#free.pop() ?? this.#numbers.size;
    this.#numbers.set(path, { number, users: 1 });
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

  /** Ends a use of the field at a path. Without uses it is removed, and its number is given to another field. */
  release(path: string): void {
    const known = this.#numbers.get(path);
    if (known === undefined) return;
    known.users -= 1;
    if (known.users > 0) return;
    this.#numbers.delete(path);
    this.#free.push(known.number);
    const above: FieldNode[] = [];
    let node = this.root;
    for (const name of path.split(".")) {
      const child = node.children.get(name);
      if (child === undefined) return;
      above.push(node);
      node = child;
    }
    node.field = -1;
    while (node.field === -1 && node.children.size === 0) {
      const parent = above.pop();
      if (parent === undefined) return;
      parent.children.delete(node.name);
      node = parent;
    }
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
