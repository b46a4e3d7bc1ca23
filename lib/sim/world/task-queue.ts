/** Something that is to happen in a simulated process. */
export interface Task {
  /** Virtual milliseconds since 1970, with fractions. */
  readonly at: number;
  /** Of two at the same time the one that was asked for first comes first. */
  readonly order: number;
  readonly what: string;
  run(): void;
  cancelled: boolean;
}

/** Tasks by their time: a binary heap. */
export class TaskQueue {
  readonly #heap: Task[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(task: Task): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(task);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(task, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = task;
  }

  /** Takes the next one. */
  pop(): Task | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [one, other] = [heap[left], heap[left + 1]];
      if (one === undefined) break;
      const least = other !== undefined && isBefore(other, one) ? other : one;
      if (!isBefore(least, last)) break;
      heap[at] = least;
      at = least === one ? left : left + 1;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Task, other: Task): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
