import type { NumericRange } from "./value-test.ts";

/** Bounds are stored closed: an open one is the number next to it. */
class Node<Entry> {
  readonly from: number;
  readonly to: number;
  readonly entry: Entry;
  readonly priority: number;
  /** The highest upper bound on its left, so that a look-up need not go there to see it; and of all at and below it. */
  highestLeft = -Infinity;
  highest: number;
  /** The epochs in which its entry, and all entries at and below it, were visited last. */
  visited = 0;
  complete = 0;
  left: Node<Entry> | undefined = undefined;
  right: Node<Entry> | undefined = undefined;

  constructor(from: number, to: number, entry: Entry, priority: number) {
    this.from = from;
    this.to = to;
    this.entry = entry;
    this.priority = priority;
    this.highest = to;
  }
}

/**
 * An index from numeric ranges to entries: an interval tree, which is a tree sorted by lower bound that knows the highest
 * upper bound below each node, balanced as a treap (Seidel and Aragon, 1996). Adding and removing cost the logarithm of the
 * number of ranges, a look-up that for each range found.
 */
export class RangeIndex<Entry> {
  #root: Node<Entry> | undefined;
  #seed = 1;
  #searched = 0;

  /** Adds an entry, which must not be in the index under the same range. */
  add(range: NumericRange, entry: Entry): void {
    // Marsaglia's xorshift: balanced on average, and the same in every run.
    this.#seed ^= this.#seed << 13;
    this.#seed ^= this.#seed >>> 17;
    this.#seed ^= this.#seed << 5;
    this.#root = insert(this.#root, new Node(lowest(range), highest(range), entry, this.#seed));
  }

  remove(range: NumericRange, entry: Entry): void {
    this.#root = without(this.#root, lowest(range), entry);
  }

  /** How many nodes were searched, for tests that count work instead of time. */
  get searched(): number {
    return this.#searched;
  }

  /**
   * Visits every entry whose range contains the number, each once in an epoch. Many numbers may be looked up in one epoch:
   * where all were found before, nothing is searched.
   */
  find(value: number, epoch: number, visit: (entry: Entry) => void): void {
    const root = this.#root;
    if (root !== undefined && root.highest >= value && root.complete !== epoch) this.#search(root, value, epoch, visit);
  }

  /** Searches a node below which some range reaches the number. */
  #search(at: Node<Entry>, value: number, epoch: number, visit: (entry: Entry) => void): void {
    this.#searched += 1;
    const { left, right } = at;
    if (left !== undefined && at.highestLeft >= value && left.complete !== epoch) {
      this.#search(left, value, epoch, visit);
    }
    if (at.from > value) return;
    if (at.to >= value && at.visited !== epoch) {
      at.visited = epoch;
      visit(at.entry);
    }
    if (right !== undefined && right.highest >= value && right.complete !== epoch) {
      this.#search(right, value, epoch, visit);
    }
    if (at.visited === epoch && isComplete(left, epoch) && isComplete(right, epoch)) at.complete = epoch;
  }
}

function isComplete<Entry>(node: Node<Entry> | undefined, epoch: number): boolean {
  return node === undefined || node.complete === epoch;
}

function insert<Entry>(at: Node<Entry> | undefined, node: Node<Entry>): Node<Entry> {
  if (at === undefined) return node;
  if (node.priority > at.priority) {
    [node.left, node.right] = split(at, node.from);
    return measured(node);
  }
  if (node.from < at.from) at.left = insert(at.left, node);
  else at.right = insert(at.right, node);
  return measured(at);
}

/** Splits a tree in the nodes whose lower bound is below a number, and the others. */
function split<Entry>(at: Node<Entry> | undefined, from: number): [Node<Entry> | undefined, Node<Entry> | undefined] {
  if (at === undefined) return [undefined, undefined];
  if (at.from < from) {
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

function without<Entry>(at: Node<Entry> | undefined, from: number, entry: Entry): Node<Entry> | undefined {
  if (at === undefined) return undefined;
  if (at.entry === entry) return join(at.left, at.right);
  // Equal lower bounds may lie on both sides.
  if (from <= at.from) at.left = without(at.left, from, entry);
  if (from >= at.from) at.right = without(at.right, from, entry);
  return measured(at);
}

function measured<Entry>(node: Node<Entry>): Node<Entry> {
  node.highestLeft = node.left === undefined ? -Infinity : node.left.highest;
  node.highest = Math.max(node.to, node.highestLeft, node.right === undefined ? -Infinity : node.right.highest);
  return node;
}

/** The lowest and the highest number in a range. */
function lowest({ from, fromOpen }: NumericRange): number {
  return fromOpen ? next(from, 1) : from;
}

function highest({ to, toOpen }: NumericRange): number {
  return toOpen ? next(to, -1) : to;
}

const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);

/** The double next to a finite one, in a direction. */
function next(number: number, direction: 1 | -1): number {
  if (number === 0) return direction * Number.MIN_VALUE;
  double[0] = number;
  bits[0] = (bits[0] ?? 0n) + BigInt(number > 0 ? direction : -direction);
  return double[0];
}
