import type { Event } from "../../../event/event.ts";

const capacity = 1_024;
/** Characters; a longer event is parsed again rather than held in memory. */
const longest = 16_384;

/**
 * The last events that this process wrote or read, by position: several subscriptions that claim one event parse it once.
 */
export class RecentEvents {
  readonly #positions = new Float64Array(capacity);
  readonly #events: (Event | undefined)[] = new Array<Event | undefined>(capacity).fill(undefined);

  keep(position: number, event: Event, length: number): void {
    if (length > longest) return;
    this.#positions[position % capacity] = position;
    this.#events[position % capacity] = event;
  }

  get(position: number): Event | undefined {
    return this.#positions[position % capacity] === position ? this.#events[position % capacity] : undefined;
  }

  /** After a rollback: the positions are given out again. */
  clear(): void {
    this.#positions.fill(0);
    this.#events.fill(undefined);
  }
}
