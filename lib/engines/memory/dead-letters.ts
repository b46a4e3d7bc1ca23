import { deadLetterFilter } from "../../dead-letters/dead-letter-filter.ts";
import type { DeadLetter } from "../../engine/delivery.ts";
import type { DeadLetterPage, DeadLetterQuery, PageOptions } from "../../engine/queries.ts";
import { defaultPageSize } from "../../engine/queries.ts";
import { positionOfCursor } from "./cursor.ts";

/** Dead letters by id, in the order they died. */
export class DeadLetterStore {
  readonly #letters = new Map<string, { letter: DeadLetter; position: number }>();
  #end = 0;

  add(letter: DeadLetter): void {
    this.#end += 1;
    this.#letters.set(letter.id, { letter, position: this.#end });
  }

  get(id: string): DeadLetter | undefined {
    return this.#letters.get(id)?.letter;
  }

  delete(id: string): boolean {
    return this.#letters.delete(id);
  }

  clear(): void {
    this.#letters.clear();
  }

  countOf(subscription: string): number {
    let count = 0;
    for (const { letter } of this.#letters.values()) if (letter.subscription === subscription) count += 1;
    return count;
  }

  list(query: DeadLetterQuery, { limit = defaultPageSize, cursor }: PageOptions): DeadLetterPage {
    const wants = deadLetterFilter(query);
    const before = positionOfCursor(cursor);
    const found = [...this.#letters.values()]
      .filter(({ letter, position }) => position < before && wants(letter))
      .reverse()
      .slice(0, limit + 1);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      deadLetters: page.map(({ letter }) => letter),
      ...(found.length > limit && last !== undefined ? { cursor: String(last.position) } : {}),
    };
  }
}
