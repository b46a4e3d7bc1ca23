/** A node of the trie. Its path is the labels above it followed by its own, read in the trie's direction. */
interface Node<Entry> {
  label: string;
  entries: Entry[];
  next: Map<number, Node<Entry>>;
  /** The epoch in which its entries were visited last. */
  visited: number;
}

/**
 * A radix trie that maps prefixes (or, read backward, suffixes) to entries. The cost of a lookup depends on how much of the
 * value matches, not on the number of entries.
 */
export class AffixTrie<Entry> {
  readonly #root: Node<Entry> = { label: "", entries: [], next: new Map(), visited: 0 };
  readonly #backward: boolean;

  constructor(direction: "forward" | "backward") {
    this.#backward = direction === "backward";
  }

  add(text: string, entry: Entry): void {
    let rest = this.#directed(text);
    let node = this.#root;
    while (rest !== "") {
      const next = node.next.get(rest.charCodeAt(0));
      if (next === undefined) {
        const leaf: Node<Entry> = { label: rest, entries: [entry], next: new Map(), visited: 0 };
        node.next.set(rest.charCodeAt(0), leaf);
        return;
      }
      const common = commonLength(next.label, rest);
      if (common < next.label.length) split(next, common);
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
      const next = node.next.get(rest.charCodeAt(0));
      if (next === undefined) return;
      above.push(node);
      rest = rest.slice(next.label.length);
      node = next;
    }
    const index = node.entries.indexOf(entry);
    if (index !== -1) node.entries.splice(index, 1);
    while (node.entries.length === 0 && node.next.size === 0) {
      const parent = above.pop();
      if (parent === undefined) return;
      parent.next.delete(node.label.charCodeAt(0));
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
      if (at < 0 || at >= value.length) return;
      node = node.next.get(value.charCodeAt(at));
      if (node === undefined) return;
      const { label } = node;
      for (let index = 0; index < label.length; index += 1) {
        // Past either end charCodeAt returns NaN, which equals nothing.
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

/** Shortens a node's label and moves its entries and children to a child with the rest of the label. */
function split<Entry>(node: Node<Entry>, length: number): void {
  const child: Node<Entry> = { label: node.label.slice(length), entries: node.entries, next: node.next, visited: 0 };
  node.label = node.label.slice(0, length);
  node.entries = [];
  node.next = new Map([[child.label.charCodeAt(0), child]]);
}
