import type { Event } from "../../../event/event.ts";

const kept = 1_024;
/** Characters; a longer event is parsed again rather than held in memory. */
const longest = 16_384;

/**
 * The last events that this process wrote or read, by place: several subscriptions that claim one event parse it once.
 */
export class RecentEvents {
  readonly #places = new Float64Array(kept);
  readonly #events: (Event | undefined)[] = new Array<Event | undefined>(kept).fill(undefined);

  keep(place: number, event: Event, length: number): void {
    if (length > longest) return;
    this.#places[place % kept] = place;
    this.#events[place % kept] = event;
  }

  get(place: number): Event | undefined {
    return this.#places[place % kept] === place ? this.#events[place % kept] : undefined;
  }

  /** After a rollback: the places are given out again. */
  clear(): void {
    this.#places.fill(0);
    this.#events.fill(undefined);
  }
}
