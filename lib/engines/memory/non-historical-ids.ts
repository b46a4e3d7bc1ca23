import type { Event } from "../../event/event.ts";

/** The last events that history does not keep and whose publisher gave the id: what tells that one comes again. */
export class NonHistoricalIds {
  readonly #byId = new Map<string, Event>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(event: Event): void {
    this.#byId.set(event.id, event);
    const [oldest] = this.#byId.keys();
    if (this.#byId.size > this.#capacity && oldest !== undefined) this.#byId.delete(oldest);
  }

  get(id: string): Event | undefined {
    return this.#byId.get(id);
  }

  /** Puts what `change` makes of each event with one of the ids in its place. */
  replace(ids: Iterable<string>, change: (event: Event) => Event): void {
    for (const id of ids) {
      const event = this.#byId.get(id);
      if (event !== undefined) this.#byId.set(id, change(event));
    }
  }

  clear(): void {
    this.#byId.clear();
  }
}
