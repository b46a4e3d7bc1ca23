import type { LogRead, Position, RecordedEvent } from "../../engine/event-log.ts";
import type { Event } from "../../event/event.ts";

/** An event that is kept, with its position. */
export type PositionedEvent = RecordedEvent & { readonly position: number };

/**
 * The last `capacity` recorded events. Keeping costs two array writes; the index by id is made when it is first asked
 * for, since many a process never asks.
 */
export class EventRingBuffer {
  readonly #events: (Event | undefined)[];
  readonly #acceptedAt: Float64Array;
  readonly #capacity: number;
  /** How many were ever kept: the position of the newest. */
  #end = 0;
  #byId: Map<string, Event> | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#events = new Array<Event | undefined>(capacity).fill(undefined);
    this.#acceptedAt = new Float64Array(capacity);
  }

  get end(): number {
    return this.#end;
  }

  push(event: Event, acceptedAt: number): void {
    const slot = this.#end % this.#capacity;
    if (this.#byId !== undefined) {
      const oldest = this.#events[slot];
      if (oldest !== undefined) this.#byId.delete(oldest.id);
      this.#byId.set(event.id, event);
    }
    this.#events[slot] = event;
    this.#acceptedAt[slot] = acceptedAt;
    this.#end += 1;
  }

  clear(): void {
    this.#events.fill(undefined);
    this.#byId = undefined;
  }

  get(id: string): Event | undefined {
    if (this.#byId === undefined) {
      this.#byId = new Map();
      for (const { event } of this.newestFirst()) this.#byId.set(event.id, event);
    }
    return this.#byId.get(id);
  }

  /** Puts what `change` makes of each event with one of the ids in its place. */
  replace(ids: ReadonlySet<string>, change: (event: Event) => Event): void {
    for (const [slot, event] of this.#events.entries()) {
      if (event === undefined || !ids.has(event.id)) continue;
      const changed = change(event);
      this.#events[slot] = changed;
      this.#byId?.set(event.id, changed);
    }
  }

  /** From the position before `before`, backwards. */
  *newestFirst(before = this.#end + 1): Generator<PositionedEvent> {
    const first = this.#first();
    for (let position = Math.min(before - 1, this.#end); position >= first; position -= 1) {
      const kept = this.#at(position);
      if (kept !== undefined) yield { ...kept, position };
    }
  }

  /** From the position after `after`, forwards. */
  *oldestFirst(after = 0): Generator<PositionedEvent> {
    for (let position = Math.max(after + 1, this.#first()); position <= this.#end; position += 1) {
      const kept = this.#at(position);
      if (kept !== undefined) yield { ...kept, position };
    }
  }

  readAfter(position: Position, limit: number): LogRead {
    const events: PositionedEvent[] = [];
    for (const kept of this.oldestFirst(Number(position))) {
      events.push(kept);
      if (events.length >= limit) break;
    }
    return { events, position: events.at(-1)?.position ?? position };
  }

  /** The position of an event; undefined where it is not kept any more. */
  positionOf(id: string): number | undefined {
    for (const { event, position } of this.newestFirst()) if (event.id === id) return position;
    return undefined;
  }

  /** The position just before the first event accepted at or after a time. */
  positionBefore(time: number): number {
    for (const { acceptedAt, position } of this.oldestFirst()) if (acceptedAt >= time) return position - 1;
    return this.#end;
  }

  #first(): number {
    return Math.max(1, this.#end - this.#capacity + 1);
  }

  #at(position: number): RecordedEvent | undefined {
    const slot = (position - 1) % this.#capacity;
    const event = this.#events[slot];
    const acceptedAt = this.#acceptedAt[slot];
    return event === undefined || acceptedAt === undefined ? undefined : { event, acceptedAt };
  }
}
