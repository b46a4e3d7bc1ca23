/** A node is reached by its label, read in the trie's direction, after the labels above it. */
interface Node<Entry> {
  label: string;
  entries: Entry[];
  next: Map<number, Node<Entry>>;
}

/**
 * Entries under texts, found by the values that start (or, read backward, end) with these texts. Costs what the value has
 * in common with some text, not what is stored.
 */
export class AffixTrie<Entry> {
  readonly #root: Node<Entry> = { label: "", entries: [], next: new Map() };
  readonly #backward: boolean;

  constructor(direction: "forward" | "backward") {
    this.#backward = direction === "backward";
  }

  add(text: string, entry: Entry): void {
    let rest = this.#backward ? text.split("").reverse().join("") : text;
    let node = this.#root;
    while (rest !== "") {
      const next = node.next.get(rest.charCodeAt(0));
      if (next === undefined) {
        const leaf: Node<Entry> = { label: rest, entries: [entry], next: new Map() };
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

  /** Hands over every entry whose text the value starts or ends with; forward, it may start at a later character. */
  find(value: string, visit: (entry: Entry) => void, from = 0): void {
    const step = this.#backward ? -1 : 1;
    let at = this.#backward ? value.length - 1 : from;
    let node: Node<Entry> | undefined = this.#root;
    while (node !== undefined) {
      for (const entry of node.entries) visit(entry);
      if (at < 0 || at >= value.length) return;
      node = node.next.get(value.charCodeAt(at));
      if (node === undefined) return;
      const { label } = node;
      for (let index = 0; index < label.length; index += 1) {
        // Past either end charCodeAt gives NaN, which equals nothing.
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

/** Shortens a node's label; what it held moves to a child under the rest of the label. */
function split<Entry>(node: Node<Entry>, length: number): void {
  const child: Node<Entry> = { label: node.label.slice(length), entries: node.entries, next: node.next };
  node.label = node.label.slice(0, length);
  node.entries = [];
  node.next = new Map([[child.label.charCodeAt(0), child]]);
}
