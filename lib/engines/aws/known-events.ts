import { runContext } from "../../bus/run-context.ts";
import type { Event } from "../../event/event.ts";

/** Ids kept, twice: what is recorded later than some thousand others were seen is rare. */
const kept = 5_000;

/**
 * The events that this process had lately: it published, handled or looked them up. Here an event is known, and even found
 * by its id, before its place in the log is there. Without this, it would then count as new.
 */
export class KnownEvents {
  /** Ids, and their place among all that came to be known. In two generations, so that forgetting costs nothing. */
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #count = 0;

  add({ id }: Event): void {
    if (this.#placeOf(id) !== undefined) return;
    this.#count += 1;
    this.#young.set(id, this.#count);
    if (this.#young.size < kept) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** Says of an event whether it was known by this call; the one that is being handled is. */
  asOfNow(): (event: Event) => boolean {
    const last = this.#count;
    const handled = runContext.getStore()?.event.id;
    return ({ id }) => id === handled || (this.#placeOf(id) ?? Number.POSITIVE_INFINITY) <= last;
  }

  #placeOf(id: string): number | undefined {
    return this.#young.get(id) ?? this.#old.get(id);
  }
}
