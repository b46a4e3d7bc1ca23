import type { DatabaseSync, StatementSync } from "node:sqlite";
import { blockOf } from "../history/postings.ts";

/** Between which times the events of a block were accepted, and happened; in milliseconds since 1970. */
interface Bounds {
  readonly block: number;
  minAccepted: number;
  maxAccepted: number;
  minTime: number;
  maxTime: number;
}

/** How far ahead a block is bounded, in milliseconds: what comes within that changes no row. */
const aheadMs = 1_000;

/**
 * Between which times each block lies. Bounds instead of an order, so that a clock that jumps does no harm. They may be wider
 * than what is in the block: who looks for a time reads the events of each block that may have it.
 */
export class BlockBounds {
  readonly #insert: StatementSync;
  /** Of the running transaction. */
  #added: Bounds | undefined;
  /** What the row of the last block is known to enclose. */
  #written: Bounds | undefined;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      `INSERT INTO blocks (block, min_accepted, max_accepted, min_time, max_time) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         min_accepted = min(min_accepted, excluded.min_accepted), max_accepted = max(max_accepted, excluded.max_accepted),
         min_time = min(min_time, excluded.min_time), max_time = max(max_time, excluded.max_time)`,
    );
  }

  add(seq: number, acceptedAt: number, time: number): void {
    const block = blockOf(seq);
    if (this.#added?.block !== block) this.write();
    const bounds = this.#added;
    if (bounds === undefined) {
      this.#added = { block, minAccepted: acceptedAt, maxAccepted: acceptedAt, minTime: time, maxTime: time };
      return;
    }
    if (acceptedAt < bounds.minAccepted) bounds.minAccepted = acceptedAt;
    if (acceptedAt > bounds.maxAccepted) bounds.maxAccepted = acceptedAt;
    if (time < bounds.minTime) bounds.minTime = time;
    if (time > bounds.maxTime) bounds.maxTime = time;
  }

  /** Before the end of the transaction. */
  write(): void {
    const added = this.#added;
    this.#added = undefined;
    if (added === undefined || (this.#written !== undefined && encloses(this.#written, added))) return;
    added.maxAccepted += aheadMs;
    added.maxTime += aheadMs;
    this.#insert.run(added.block, added.minAccepted, added.maxAccepted, added.minTime, added.maxTime);
    this.#written = added;
  }

  /** After a rollback, and where rows may have been deleted. */
  forget(): void {
    this.#added = undefined;
    this.#written = undefined;
  }
}

function encloses(outer: Bounds, inner: Bounds): boolean {
  return (
    outer.block === inner.block &&
    outer.minAccepted <= inner.minAccepted &&
    outer.maxAccepted >= inner.maxAccepted &&
    outer.minTime <= inner.minTime &&
    outer.maxTime >= inner.maxTime
  );
}
