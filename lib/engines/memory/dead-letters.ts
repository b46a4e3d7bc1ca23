import { deadLetterFilter } from "../../dead-letters/dead-letter-filter.ts";
import type { DeadLetterStore } from "../../engine/dead-letter-store.ts";
import type { DeadLetter } from "../../engine/delivery.ts";
import type { DeadLetterPage, DeadLetterQuery, PageOptions } from "../../engine/queries.ts";
import { defaultPageSize } from "../../engine/queries.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";

/** Dead letters by id, in the order in which they died. */
export class MemoryDeadLetters implements DeadLetterStore {
  readonly #kept = new Map<string, { deadLetter: DeadLetter; position: number }>();
  #end = 0;

  /** As `put`, at once. */
  add(deadLetter: DeadLetter): void {
    if (this.#kept.has(deadLetter.id)) return;
    this.#end += 1;
    this.#kept.set(deadLetter.id, { deadLetter, position: this.#end });
  }

  async put(deadLetter: DeadLetter): Promise<void> {
    this.add(deadLetter);
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    return this.#kept.get(id)?.deadLetter;
  }

  async delete(id: string): Promise<boolean> {
    return this.take(id) !== undefined;
  }

  /** Removes one and gives it, at once; `undefined` where there is none. */
  take(id: string): DeadLetter | undefined {
    const deadLetter = this.#kept.get(id)?.deadLetter;
    this.#kept.delete(id);
    return deadLetter;
  }

  clear(): void {
    this.#kept.clear();
  }

  countOf(subscription: string): number {
    let count = 0;
    for (const { deadLetter } of this.#kept.values()) if (deadLetter.subscription === subscription) count += 1;
    return count;
  }

  async list(query: DeadLetterQuery, { limit = defaultPageSize, cursor }: PageOptions): Promise<DeadLetterPage> {
    const wants = deadLetterFilter(query);
    const before = decodeCursor(cursor, "newest") ?? Number.POSITIVE_INFINITY;
    const found = [...this.#kept.values()]
      .filter(({ deadLetter, position }) => position < before && wants(deadLetter))
      .reverse()
      .slice(0, limit + 1);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      deadLetters: page.map(({ deadLetter }) => deadLetter),
      ...(found.length > limit && last !== undefined ? { cursor: encodeCursor(last.position, "newest") } : {}),
    };
  }
}
