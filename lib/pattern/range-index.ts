import { inRange, type NumericRange } from "./value-test.ts";

/** A node of the tree, with the highest upper bound at and below it. */
interface Node<Entry> {
  readonly range: NumericRange;
  readonly entry: Entry;
  readonly priority: number;
  highest: number;
  /** The epochs in which its entry, and all entries at and below it, were visited last. */
  visited: number;
  complete: number;
  left: Node<Entry> | undefined;
  right: Node<Entry> | undefined;
}

/**
 * An index from numeric ranges to entries: an interval tree, which is a tree sorted by lower bound that knows the highest
 * upper bound below each node, balanced as a treap (Seidel and Aragon, 1996). Adding and removing cost the logarithm of the
 * number of ranges, a look-up that for each range found.
 */
export class RangeIndex<Entry> {
  #root: Node<Entry> | undefined;
  #seed = 1;

  /** Adds an entry, which must not be in the index under the same range. */
  add(range: NumericRange, entry: Entry): void {
    // Marsaglia's xorshift: balanced on average, and the same in every run.
    this.#seed ^= this.#seed << 13;
    this.#seed ^= this.#seed >>> 17;
    this.#seed ^= this.#seed << 5;
    this.#root = insert(this.#root, {
      ...{ range, entry, priority: this.#seed, highest: range.to },
      ...{ visited: 0, complete: 0, left: undefined, right: undefined },
    });
  }

  remove(range: NumericRange, entry: Entry): void {
    this.#root = without(this.#root, range, entry);
  }

  /** Visits every entry whose range contains the number, each once in an epoch. */
  find(value: number, epoch: number, visit: (entry: Entry) => void): void {
    search(this.#root, value, epoch, visit);
  }
}

/** Many numbers may be looked up in one epoch: where all were found before, nothing is searched. */
function search<Entry>(at: Node<Entry> | undefined, value: number, epoch: number, visit: (entry: Entry) => void): void {
  if (at === undefined || at.complete === epoch || at.highest < value) return;
  search(at.left, value, epoch, visit);
  if (at.range.from > value) return;
  if (at.visited !== epoch && inRange(at.range, value)) {
    at.visited = epoch;
    visit(at.entry);
  }
  search(at.right, value, epoch, visit);
  if (at.visited === epoch && isComplete(at.left, epoch) && isComplete(at.right, epoch)) at.complete = epoch;
}

function isComplete<Entry>(node: Node<Entry> | undefined, epoch: number): boolean {
  return node === undefined || node.complete === epoch;
}

function insert<Entry>(at: Node<Entry> | undefined, node: Node<Entry>): Node<Entry> {
  if (at === undefined) return node;
  if (node.priority > at.priority) {
    [node.left, node.right] = split(at, node.range.from);
    return measured(node);
  }
  if (node.range.from < at.range.from) at.left = insert(at.left, node);
  else at.right = insert(at.right, node);
  return measured(at);
}

/** Splits a tree in the nodes whose lower bound is below a number, and the others. */
function split<Entry>(at: Node<Entry> | undefined, from: number): [Node<Entry> | undefined, Node<Entry> | undefined] {
  if (at === undefined) return [undefined, undefined];
  if (at.range.from < from) {
    const [left, right] = split(at.right, from);
    at.right = left;
    return [measured(at), right];
  }
  const [left, right] = split(at.left, from);
  at.left = right;
  return [left, measured(at)];
}

function join<Entry>(left: Node<Entry> | undefined, right: Node<Entry> | undefined): Node<Entry> | undefined {
  if (left === undefined) return right;
  if (right === undefined) return left;
  if (left.priority > right.priority) {
    left.right = join(left.right, right);
    return measured(left);
  }
  right.left = join(left, right.left);
  return measured(right);
}

function without<Entry>(at: Node<Entry> | undefined, range: NumericRange, entry: Entry): Node<Entry> | undefined {
  if (at === undefined) return undefined;
  if (at.entry === entry) return join(at.left, at.right);
  // Equal lower bounds may lie on both sides.
  if (range.from <= at.range.from) at.left = without(at.left, range, entry);
  if (range.from >= at.range.from) at.right = without(at.right, range, entry);
  return measured(at);
}

function measured<Entry>(node: Node<Entry>): Node<Entry> {
  node.highest = Math.max(node.range.to, node.left?.highest ?? -Infinity, node.right?.highest ?? -Infinity);
  return node;
}
