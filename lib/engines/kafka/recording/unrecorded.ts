import type { Event } from "../../../event/event.ts";

/** Ids remembered of a partition; the oldest go first. */
const capacity = 10_000;

/**
 * The events that this process has published and the store does not have yet: whoever begins to wait now is told that they are
 * not new, though they come after the end.
 */
export class UnrecordedEvents {
  readonly #offsets = new Map<string, Map<string, number>>();

  /** Kafka has the event at an offset of a partition. */
  add(id: string, feed: string, offset: number): void {
    const known = this.#offsets.get(feed);
    const offsets = known ?? new Map<string, number>();
    if (known === undefined) this.#offsets.set(feed, offsets);
    if (offsets.size >= capacity) {
      const [oldest] = offsets.keys();
      if (oldest !== undefined) offsets.delete(oldest);
    }
    offsets.set(id, offset);
  }

  /** The store has a partition up to a position. */
  recorded(feed: string, next: number): void {
    const offsets = this.#offsets.get(feed) ?? new Map<string, number>();
    for (const [id, offset] of offsets) {
      if (offset >= next) return;
      offsets.delete(id);
    }
  }

  /** Tells of an event whether it was published by now. */
  snapshot(): (event: Event) => boolean {
    const ids = new Set([...this.#offsets.values()].flatMap((offsets) => [...offsets.keys()]));
    return ({ id }) => ids.has(id);
  }
}
