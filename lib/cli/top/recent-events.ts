import type { Event } from "../../event/event.ts";

/** Events of this span make the rates. */
const spanMs = 60_000;
/** Events that are kept to be shown. */
const kept = 200;

/** The newest events of a bus, and how many came lately. */
export class RecentEvents {
  /** Newest last. */
  readonly newest: Event[] = [];
  readonly #startedAt: number;
  /** When each type was seen, oldest first. */
  readonly #times = new Map<string, number[]>();

  constructor(now: number) {
    this.#startedAt = now;
  }

  add(event: Event, now: number): void {
    this.newest.push(event);
    if (this.newest.length > kept) this.newest.shift();
    const times = this.#times.get(event.type);
    if (times === undefined) this.#times.set(event.type, [now]);
    else times.push(now);
  }

  /** Events of each type within the last minute, as a rate per minute; the most frequent first. */
  rates(now: number): { readonly type: string; readonly perMinute: number }[] {
    const since = now - spanMs;
    // A rate over less than a second would be a guess.
    const span = Math.min(spanMs, Math.max(1_000, now - this.#startedAt));
    for (const [type, times] of this.#times) {
      const first = times.findIndex((time) => time > since);
      if (first === -1) this.#times.delete(type);
      else times.splice(0, first);
    }
    return [...this.#times]
      .map(([type, { length }]) => ({ type, perMinute: Math.round((length * spanMs) / span) }))
      .sort((one, other) => other.perMinute - one.perMinute || (one.type < other.type ? -1 : 1));
  }
}
