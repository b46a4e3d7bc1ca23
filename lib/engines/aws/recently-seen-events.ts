import { runContext } from "../../delivery/run-context.ts";
import type { Event } from "../../event/event.ts";

/** Ids kept, twice: what is recorded later than some thousand others were seen is rare. */
const kept = 5_000;

/**
 * The events that this process had lately: it published, handled or looked them up. Here an event is known, and even found
 * by its id, before its place in the log is there. Without this, it would then count as new.
 */
export class RecentlySeenEvents {
  /** Two generations, so that forgetting costs nothing. */
  #old = new Generation(0);
  #young = new Generation(0);

  add(event: Event): void {
    if (this.#placeOf(event.id) === undefined) this.addNew(event);
  }

  /** One that has just come to be: not looked for among the others, as a busy publisher would for each. */
  addNew({ id }: Event): void {
    this.#young.add(id);
    if (this.#young.size < kept) return;
    this.#old = this.#young;
    this.#young = new Generation(this.#old.end);
  }

  /** Says of an event whether it was known by this call; the one that is being handled is. */
  asOfNow(): (event: Event) => boolean {
    const { end } = this.#young;
    const handled = runContext.getStore()?.event.id;
    return ({ id }) => id === handled || (this.#placeOf(id) ?? end) < end;
  }

  #placeOf(id: string): number | undefined {
    return this.#old.placeOf(id) ?? this.#young.placeOf(id);
  }
}

/** Ids in the order in which they came to be known; one is put where it can be found only once any is looked for. */
class Generation {
  readonly #begin: number;
  readonly #ids: string[] = [];
  readonly #places = new Map<string, number>();
  #placed = 0;

  /** `begin`: the place of its first among all. */
  constructor(begin: number) {
    this.#begin = begin;
  }

  get size(): number {
    return this.#ids.length;
  }

  /** The place of what comes next. */
  get end(): number {
    return this.#begin + this.#ids.length;
  }

  add(id: string): void {
    this.#ids.push(id);
  }

  /** Among all that came to be known, the first time. */
  placeOf(id: string): number | undefined {
    for (const unplaced of this.#ids.slice(this.#placed)) {
      if (!this.#places.has(unplaced)) this.#places.set(unplaced, this.#begin + this.#placed);
      this.#placed += 1;
    }
    return this.#places.get(id);
  }
}
