interface Entry<Item> {
  readonly dueMs: number;
  readonly item: Item;
}

/** Items by the time at which each is due: a binary heap. */
export class Deadlines<Item> {
  readonly #heap: Entry<Item>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  add(item: Item, dueMs: number): void {
    const heap = this.#heap;
    let at = heap.push({ item, dueMs }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#due(parent) <= dueMs) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Takes the earliest item that is due by a time; undefined where none is. */
  take(nowMs: number): Item | undefined {
    const heap = this.#heap;
    const [first] = heap;
    if (first === undefined || first.dueMs > nowMs) return undefined;
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    return first.item;
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const least = this.#due(left + 1) < this.#due(left) ? left + 1 : left;
      if (this.#due(least) >= this.#due(at)) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #due(at: number): number {
    return this.#heap[at]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  #swap(one: number, other: number): void {
    const [first, second] = [this.#heap[one], this.#heap[other]];
    if (first === undefined || second === undefined) return;
    this.#heap[one] = second;
    this.#heap[other] = first;
  }
}
