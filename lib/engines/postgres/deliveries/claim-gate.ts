import type { Remainder } from "./claimed-rows.ts";

/**
 * Has appends wait for claims where that is worth it. What is new may not overtake what is ready: the statement that appends it
 * could not claim it, nor what is appended while that is claimed in turn, and so on for as long as events come. Of a subscription
 * whose handlers fall behind nobody waits.
 */
export class ClaimGate {
  /** Subscriptions of which the last claim left something ready. */
  readonly #behind = new Set<number>();
  #claiming: readonly number[] = [];
  #waiters: (() => void)[] = [];

  /** A statement claims of these subscriptions. */
  begin(subs: readonly number[]): void {
    this.#claiming = subs;
  }

  /** Nothing is claimed any more, or could not be. */
  end(): void {
    this.#claiming = [];
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** What a claim has left of a subscription. */
  left({ ready, sub }: Pick<Remainder, "sub" | "ready">): void {
    if (ready) this.#behind.add(sub);
    else this.#behind.delete(sub);
  }

  /** Of this subscription nothing is claimed here any more. */
  forget(sub: number): void {
    this.#behind.delete(sub);
  }

  /**
   * Resolves with the next `end`; `undefined` where that would bring nothing. `next` are the subscriptions of which the next
   * statement claims.
   */
  claimed(next: Iterable<number>): Promise<void> | undefined {
    for (const sub of [...this.#claiming, ...next]) {
      if (!this.#behind.has(sub)) return new Promise((resolve) => this.#waiters.push(resolve));
    }
    return undefined;
  }
}
