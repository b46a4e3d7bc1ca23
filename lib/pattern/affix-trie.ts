/** The children of a node may be this many characters apart to be in its list. */
const listed = 64;

/** A node of the trie. Its path is the labels above it followed by its own, read in the trie's direction. */
class Node<Entry> {
  label: string;
  entries: Entry[];
  /** The epoch in which its entries were visited last. */
  visited = 0;
  /** How many children it has. */
  size = 0;
  /** The children by the first characters of their labels: in a list, which begins at `#low`, and the others in a map. */
  #low = 0;
  #near: (Node<Entry> | undefined)[] = [];
  #far: Map<number, Node<Entry>> | undefined = undefined;

  constructor(label: string, entries: Entry[]) {
    this.label = label;
    this.entries = entries;
  }

  /** Returns the child whose label begins with a character; none begins with NaN, which is behind the end of a text. */
  next(code: number): Node<Entry> | undefined {
    const index = code - this.#low;
    if (index >= 0 && index < this.#near.length) return this.#near[index];
    return this.#far === undefined ? undefined : this.#far.get(code);
  }

  add(child: Node<Entry>): void {
    const code = child.label.charCodeAt(0);
    if (this.#near.length === 0) this.#low = code;
    const { length } = this.#near;
    const index = code - this.#low;
    this.size += 1;
    if (index >= listed || length - index > listed) {
      this.#far ??= new Map();
      this.#far.set(code, child);
      return;
    }
    if (index < 0) {
      this.#near.unshift(...new Array<undefined>(-index).fill(undefined));
      this.#low = code;
    }
    while (this.#near.length < index) this.#near.push(undefined);
    this.#near[Math.max(0, index)] = child;
  }

  remove(child: Node<Entry>): void {
    const code = child.label.charCodeAt(0);
    const index = code - this.#low;
    if (this.#near[index] === child) this.#near[index] = undefined;
    else this.#far?.delete(code);
    this.size -= 1;
  }

  /** Shortens the label, and moves the entries and children to a child with the rest of it. */
  split(length: number): void {
    const child = new Node(this.label.slice(length), this.entries);
    child.size = this.size;
    child.#low = this.#low;
    child.#near = this.#near;
    child.#far = this.#far;
    this.label = this.label.slice(0, length);
    this.entries = [];
    this.size = 0;
    this.#near = [];
    this.#far = undefined;
    this.add(child);
  }
}

/**
 * A radix trie that maps prefixes (or, read backward, suffixes) to entries. The cost of a lookup depends on how much of the
 * value matches, not on the number of entries.
 */
export class AffixTrie<Entry> {
  readonly #root = new Node<Entry>("", []);
  readonly #backward: boolean;

  constructor(direction: "forward" | "backward") {
    this.#backward = direction === "backward";
  }

  add(text: string, entry: Entry): void {
    let rest = this.#directed(text);
    let node = this.#root;
    while (rest !== "") {
      const next = node.next(rest.charCodeAt(0));
      if (next === undefined) {
        node.add(new Node(rest, [entry]));
        return;
      }
      const common = commonLength(next.label, rest);
      if (common < next.label.length) next.split(common);
      rest = rest.slice(common);
      node = next;
    }
    node.entries.push(entry);
  }

  /** Removes an entry that was added under the text, and the nodes that only it needed. */
  remove(text: string, entry: Entry): void {
    let rest = this.#directed(text);
    const above: Node<Entry>[] = [];
    let node = this.#root;
    while (rest !== "") {
      const next = node.next(rest.charCodeAt(0));
      if (next === undefined) return;
      above.push(node);
      rest = rest.slice(next.label.length);
      node = next;
    }
    const index = node.entries.indexOf(entry);
    if (index !== -1) node.entries.splice(index, 1);
    while (node.entries.length === 0 && node.size === 0) {
      const parent = above.pop();
      if (parent === undefined) return;
      parent.remove(node);
      node = parent;
    }
  }

  #directed(text: string): string {
    return this.#backward ? text.split("").reverse().join("") : text;
  }

  /**
   * Visits every entry whose text the value starts or ends with, each once in an epoch. A forward lookup may begin at a later
   * character, `from`.
   */
  find(value: string, epoch: number, visit: (entry: Entry) => void, from = 0): void {
    const step = this.#backward ? -1 : 1;
    let at = this.#backward ? value.length - 1 : from;
    let node: Node<Entry> | undefined = this.#root;
    while (node !== undefined) {
      if (node.entries.length > 0 && node.visited !== epoch) {
        node.visited = epoch;
        for (const entry of node.entries) visit(entry);
      }
      if (node.size === 0) return;
      // Past either end charCodeAt returns NaN, which equals nothing.
      node = node.next(value.charCodeAt(at));
      if (node === undefined) return;
      const { label } = node;
      at += step;
      for (let index = 1; index < label.length; index += 1) {
        if (value.charCodeAt(at) !== label.charCodeAt(index)) return;
        at += step;
      }
    }
  }
}

function commonLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && length < other.length && one.charCodeAt(length) === other.charCodeAt(length))
    length += 1;
  return length;
}
