import type { Received } from "./received.ts";

/**
 * What came of a FIFO queue in one batch and has to wait for the one before it in its group. Given back it would be received
 * once for each that is before it, and count as received each time.
 */
export class Groups {
  /** By group, what waits for its first, which is claimed or runs; empty where only that one is here. */
  readonly #waiting = new Map<string, Received[]>();
  #size = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  *[Symbol.iterator](): Generator<Received> {
    for (const waiting of this.#waiting.values()) yield* waiting;
  }

  /** True where it may be processed now; otherwise it waits. */
  enter(received: Received): boolean {
    if (received.group === undefined) return true;
    const waiting = this.#waiting.get(received.group);
    if (waiting === undefined) {
      this.#waiting.set(received.group, []);
      return true;
    }
    waiting.push(received);
    this.#size += 1;
    return false;
  }

  /** The first of a group has ended: the next follows it. */
  next(ended: Received): Received | undefined {
    if (ended.group === undefined) return undefined;
    const next = this.#waiting.get(ended.group)?.shift();
    if (next === undefined) this.#waiting.delete(ended.group);
    else this.#size -= 1;
    return next;
  }

  /** The first of a group goes back to the queue, and all that wait for it with it. */
  leave(first: Received): readonly Received[] {
    const waiting = first.group === undefined ? [] : (this.#waiting.get(first.group) ?? []);
    if (first.group !== undefined) this.#waiting.delete(first.group);
    this.#size -= waiting.length;
    return waiting;
  }
}
