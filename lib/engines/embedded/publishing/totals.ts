import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Event } from "../../../event/event.ts";
import { blockOf } from "../history/postings.ts";

export const minuteMs = 60_000;

export function minuteOf(at: number): number {
  return Math.floor(at / minuteMs);
}

interface Bounds {
  minAccepted: number;
  maxAccepted: number;
  minTime: number;
  maxTime: number;
}

/**
 * What is summed up over a transaction and written once at its end: how many events of a type a minute had, and between
 * which times a block lies. Bounds instead of an order, so that a clock that jumps does no harm.
 */
export class Totals {
  readonly #addStats: StatementSync;
  readonly #addBlock: StatementSync;
  #minute = -1;
  readonly #counts = new Map<string, number>();
  #block = -1;
  #bounds: Bounds | undefined;

  constructor(db: DatabaseSync) {
    this.#addStats = db.prepare(
      "INSERT INTO stats (minute, type, count) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
    );
    this.#addBlock = db.prepare(
      `INSERT INTO blocks (block, min_accepted, max_accepted, min_time, max_time) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         min_accepted = min(min_accepted, excluded.min_accepted), max_accepted = max(max_accepted, excluded.max_accepted),
         min_time = min(min_time, excluded.min_time), max_time = max(max_time, excluded.max_time)`,
    );
  }

  add(seq: number, event: Event, acceptedAt: number): void {
    const minute = minuteOf(acceptedAt);
    if (minute !== this.#minute) {
      this.#writeCounts();
      this.#minute = minute;
    }
    this.#counts.set(event.type, (this.#counts.get(event.type) ?? 0) + 1);
    const block = blockOf(seq);
    if (block !== this.#block) {
      this.#writeBounds();
      this.#block = block;
    }
    const time = Date.parse(event.time);
    const bounds = this.#bounds;
    if (bounds === undefined) {
      this.#bounds = { minAccepted: acceptedAt, maxAccepted: acceptedAt, minTime: time, maxTime: time };
    } else {
      if (acceptedAt < bounds.minAccepted) bounds.minAccepted = acceptedAt;
      if (acceptedAt > bounds.maxAccepted) bounds.maxAccepted = acceptedAt;
      if (time < bounds.minTime) bounds.minTime = time;
      if (time > bounds.maxTime) bounds.maxTime = time;
    }
  }

  /** Before the end of the transaction. */
  write(): void {
    this.#writeCounts();
    this.#writeBounds();
  }

  /** After a rollback. */
  forget(): void {
    this.#counts.clear();
    this.#bounds = undefined;
  }

  #writeCounts(): void {
    for (const [type, count] of this.#counts) this.#addStats.run(this.#minute, type, count);
    this.#counts.clear();
  }

  #writeBounds(): void {
    if (this.#bounds === undefined) return;
    const { maxAccepted, maxTime, minAccepted, minTime } = this.#bounds;
    this.#addBlock.run(this.#block, minAccepted, maxAccepted, minTime, maxTime);
    this.#bounds = undefined;
  }
}
