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

  clear(): void {
    this.#byId.clear();
  }
}
