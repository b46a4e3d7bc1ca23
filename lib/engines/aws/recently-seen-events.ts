import { runContext } from "../../delivery/run-context.ts";
import type { Event } from "../../event/event.ts";

/** Ids kept, twice: what is recorded later than some thousand others were seen is rare. */
const kept = 5_000;

/**
 * The events that this process had lately: it published, handled or read them. Here an event can be had, and even be found by
 * its id, before its position in the log is there. Without this, it would then count as new.
 */
export class RecentlySeenEvents {
  /** Two generations, so that forgetting costs nothing. */
  #old = new Generation(0);
  #young = new Generation(0);

  add(event: Event): void {
    if (this.#positionOf(event.id) === undefined) this.addNew(event);
  }

  /** One that has just come to be: not searched among the others, as a busy publisher would for each. */
  addNew({ id }: Event): void {
    this.#young.add(id);
    if (this.#young.size < kept) return;
    this.#old = this.#young;
    this.#young = new Generation(this.#old.end);
  }

  /** Says of an event whether it was seen by this call; the one that is being handled is. */
  asOfNow(): (event: Event) => boolean {
    const { end } = this.#young;
    const handled = runContext.getStore()?.event.id;
    return ({ id }) => id === handled || (this.#positionOf(id) ?? end) < end;
  }

  #positionOf(id: string): number | undefined {
    return this.#old.positionOf(id) ?? this.#young.positionOf(id);
  }
}

/** Those of the stores that engines of this process are on, and how many are. */
const ofStores = new Map<string, { readonly events: RecentlySeenEvents; engines: number }>();

/**
 * The events that the buses of this process on one store had lately: what one has found, another must not wait for as new. They are
 * forgotten once the last of these buses has let go of them.
 */
export function shareRecentlySeen(store: string): { readonly events: RecentlySeenEvents; release(): void } {
  const shared = ofStores.get(store) ?? { events: new RecentlySeenEvents(), engines: 0 };
  shared.engines += 1;
  ofStores.set(store, shared);
  let held = true;
  return {
    events: shared.events,
    release: () => {
      if (!held) return;
      held = false;
      shared.engines -= 1;
      if (shared.engines === 0) ofStores.delete(store);
    },
  };
}

/** Ids in the order in which they were first seen; one is put where it can be found only once any is searched. */
class Generation {
  readonly #begin: number;
  readonly #ids: string[] = [];
  readonly #positions = new Map<string, number>();
  #indexed = 0;

  /** `begin`: the position of its first among all. */
  constructor(begin: number) {
    this.#begin = begin;
  }

  get size(): number {
    return this.#ids.length;
  }

  /** The position of what comes next. */
  get end(): number {
    return this.#begin + this.#ids.length;
  }

  add(id: string): void {
    this.#ids.push(id);
  }

  /** Among all that were seen, the first time. */
  positionOf(id: string): number | undefined {
    for (const next of this.#ids.slice(this.#indexed)) {
      if (!this.#positions.has(next)) this.#positions.set(next, this.#begin + this.#indexed);
      this.#indexed += 1;
    }
    return this.#positions.get(id);
  }
}
