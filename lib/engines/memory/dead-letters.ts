import { deadLetterPage } from "../../dead-letters/dead-letter-page.ts";
import type { DeadLetterStore } from "../../engine/dead-letter-store.ts";
import type { DeadLetter } from "../../engine/delivery.ts";
import type { DeadLetterPage, DeadLetterQuery, PageOptions } from "../../engine/queries.ts";

/** Dead letters by id, in the order in which they died. */
export class MemoryDeadLetters implements DeadLetterStore {
  readonly #kept = new Map<string, DeadLetter>();

  /** As `put`, at once. */
  add(deadLetter: DeadLetter): void {
    if (!this.#kept.has(deadLetter.id)) this.#kept.set(deadLetter.id, deadLetter);
  }

  /** Removes one and gives it, at once; `undefined` where there is none. */
  take(id: string): DeadLetter | undefined {
    const deadLetter = this.#kept.get(id);
    this.#kept.delete(id);
    return deadLetter;
  }

  /** Puts what `change` makes of each of these in its place. */
  replace(ids: Iterable<string>, change: (deadLetter: DeadLetter) => DeadLetter): void {
    for (const id of ids) {
      const deadLetter = this.#kept.get(id);
      if (deadLetter !== undefined) this.#kept.set(id, change(deadLetter));
    }
  }

  async put(deadLetter: DeadLetter): Promise<void> {
    this.add(deadLetter);
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    return this.#kept.get(id);
  }

  async delete(id: string): Promise<boolean> {
    return this.#kept.delete(id);
  }

  async list(query: DeadLetterQuery, options: PageOptions): Promise<DeadLetterPage> {
    return deadLetterPage([...this.#kept.values()].reverse(), query, options);
  }

  clear(): void {
    this.#kept.clear();
  }

  countOf(subscription: string): number {
    let count = 0;
    for (const deadLetter of this.#kept.values()) if (deadLetter.subscription === subscription) count += 1;
    return count;
  }
}
