import type { Received } from "./received.ts";

/**
 * What came of a FIFO queue in one batch and has to wait for the one before it in its group. Given back it would be received
 * once for each that is before it, and count as received each time.
 */
export class Groups {
  /** Behind the first of each group, which is opened or runs; empty where only that one is here. */
  readonly #behind = new Map<string, Received[]>();
  #size = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  *[Symbol.iterator](): Generator<Received> {
    for (const behind of this.#behind.values()) yield* behind;
  }

  /** True where it may be opened now; otherwise it waits. */
  enter(received: Received): boolean {
    if (received.group === undefined) return true;
    const behind = this.#behind.get(received.group);
    if (behind === undefined) {
      this.#behind.set(received.group, []);
      return true;
    }
    behind.push(received);
    this.#size += 1;
    return false;
  }

  /** The first of a group is over: the next takes its place. */
  next(ended: Received): Received | undefined {
    if (ended.group === undefined) return undefined;
    const next = this.#behind.get(ended.group)?.shift();
    if (next === undefined) this.#behind.delete(ended.group);
    else this.#size -= 1;
    return next;
  }

  /** The first of a group goes back to the queue, and all behind it with it. */
  leave(first: Received): readonly Received[] {
    const behind = first.group === undefined ? [] : (this.#behind.get(first.group) ?? []);
    if (first.group !== undefined) this.#behind.delete(first.group);
    this.#size -= behind.length;
    return behind;
  }
}
