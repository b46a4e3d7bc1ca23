import type { Event } from "../../../event/event.ts";

/** Events remembered; the oldest go first. */
const capacity = 10_000;

/**
 * The events of this process that lie after the end up to which the log can be read, as an older transaction of another one has
 * not ended: whoever begins at that end is told that they are not new.
 */
export class UnsettledEnd {
  readonly #positions = new Map<string, number>();

  /** An event of this process was appended. */
  add(id: string, position: number): void {
    if (this.#positions.size >= capacity) {
      const [oldest] = this.#positions.keys();
      if (oldest !== undefined) this.#positions.delete(oldest);
    }
    this.#positions.set(id, position);
  }

  /** The log can be read up to here. */
  reached(horizon: number): void {
    for (const [id, position] of this.#positions) if (position <= horizon) this.#positions.delete(id);
  }

  /** Tells of an event whether it was appended by now. */
  snapshot(): (event: Event) => boolean {
    const ids = new Set(this.#positions.keys());
    return ({ id }) => ids.has(id);
  }
}
