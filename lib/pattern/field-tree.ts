/** Up to this many fields of a level are looked up by name; otherwise, or if names may contain dots, all names are read. */
const maxLookups = 6;

/** Names of an object that are remembered with the node they lead to: at most this many, and at most this long. */
const rememberedNames = 32;
const longestRemembered = 64;

/** A node of the tree: one name on the paths of fields that patterns use. */
export class FieldNode {
  readonly name: string;
  readonly parent: FieldNode | undefined;
  /** The number of the field whose path ends here, or -1. */
  field = -1;
  readonly children = new Map<string, FieldNode>();
  /** The children, if there are only a few. */
  small: readonly FieldNode[] | undefined = [];
  /** The same, if an object is asked for each of them by name. If absent, all names of the object are read. */
  few: readonly FieldNode[] | undefined = [];
  /** The first character of the name, or NaN. */
  readonly first: number;
  /** The epoch of the last text in which the node was met, see `TextReader`. */
  epoch = 0;
  /** How many children have children of their own, which an event may contain under one dotted name. */
  #parents = 0;
  /** The names of the last object, and the node to which each leads: objects of a kind mostly have the same names. */
  readonly #names: string[] = [];
  readonly #nodes: (FieldNode | undefined)[] = [];

  constructor(name: string, parent?: FieldNode) {
    this.name = name;
    this.first = name.charCodeAt(0);
    this.parent = parent;
  }

  /** The same as `find`, for the name at a position in an object. */
  follow(name: string, position: number): FieldNode | undefined {
    if (this.#names[position] === name) return this.#nodes[position];
    const node = this.find(name);
    if (position <= this.#names.length && position < rememberedNames && name.length <= longestRemembered) {
      this.#names[position] = name;
      this.#nodes[position] = node;
    }
    return node;
  }

  /** Returns the node of a name below this node. A dot in the name separates two steps. */
  find(name: string): FieldNode | undefined {
    const child = this.children.get(name);
    if (child !== undefined || this.#parents === 0 || !name.includes(".")) return child;
    // The name may be long: it is not split further than the tree goes.
    let children: ReadonlyMap<string, FieldNode> = this.children;
    let start = 0;
    for (;;) {
      const dot = name.indexOf(".", start);
      const next = children.get(dot === -1 ? name.slice(start) : name.slice(start, dot));
      if (next === undefined || dot === -1) return next;
      children = next.children;
      start = dot + 1;
    }
  }

  add(name: string): FieldNode {
    const child = new FieldNode(name, this);
    this.children.set(name, child);
    if (this.children.size === 1 && this.parent !== undefined) this.parent.#parents += 1;
    this.#changed();
    return child;
  }

  /** Removes a child that has no children. */
  remove(name: string): void {
    this.children.delete(name);
    if (this.children.size === 0 && this.parent !== undefined) this.parent.#parents -= 1;
    this.#changed();
  }

  #changed(): void {
    this.#names.length = 0;
    this.#nodes.length = 0;
    this.small = this.children.size <= maxLookups ? [...this.children.values()] : undefined;
    this.few = this.#parents === 0 ? this.small : undefined;
    // A dotted name may lead here from any node above.
    if (this.parent !== undefined) this.parent.#changed();
  }
}

/**
 * The fields that patterns use, as a tree of the names on their paths. Paths are split at every dot: AWS's engine treats
 * `"a.b"` and `a` → `b` as the same field, in patterns and events alike.
 */
export class FieldTree {
  readonly root = new FieldNode("");
  readonly #fields = new Map<string, { readonly node: FieldNode; users: number }>();
  /** The numbers of removed fields, used again for new ones. */
  readonly #free: number[] = [];

  /** Returns the number of the field at a path, and adds the field if it is new. Each call is a use of the field. */
  number(path: string): number {
    const known = this.#fields.get(path);
    if (known !== undefined) {
      known.users += 1;
      return known.node.field;
    }
    let node = this.root;
    for (const name of path.split(".")) node = node.children.get(name) ?? node.add(name);
    node.field = this.#free.pop() ?? this.#fields.size;
    this.#fields.set(path, { node, users: 1 });
    return node.field;
  }

  /** Ends a use of the field at a path. Without uses it is removed, and its number is given to another field. */
  release(path: string): void {
    const known = this.#fields.get(path);
    if (known === undefined) return;
    known.users -= 1;
    if (known.users > 0) return;
    this.#fields.delete(path);
    let { node } = known;
    this.#free.push(node.field);
    node.field = -1;
    while (node.field === -1 && node.children.size === 0 && node.parent !== undefined) {
      node.parent.remove(node.name);
      node = node.parent;
    }
  }
}
