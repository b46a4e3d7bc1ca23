import type { DatabaseSync } from "node:sqlite";
import type { Event } from "../../../event/event.ts";
import { BlockBounds } from "./block-bounds.ts";
import { MinuteCounts } from "./minute-counts.ts";

/** What is summed up over a transaction and written at its end: see {@link MinuteCounts} and {@link BlockBounds}. */
export class Totals {
  readonly #counts: MinuteCounts;
  readonly #bounds: BlockBounds;

  constructor(db: DatabaseSync) {
    this.#counts = new MinuteCounts(db);
    this.#bounds = new BlockBounds(db);
  }

  /** `acceptedAt` is the same for all of a transaction. */
  add(seq: number, event: Event, acceptedAt: number): void {
    this.#counts.add(event.type, acceptedAt);
    this.#bounds.add(seq, acceptedAt, Date.parse(event.time));
  }

  /** Before the end of the transaction: gives the counts that are to be kept in `meta`; null where they are as they were. */
  write(): string | null {
    this.#bounds.write();
    return this.#counts.write();
  }

  /** Within a transaction, before what was written is changed in another way: all counts become rows. */
  settle(): void {
    this.#counts.settle();
    this.#bounds.forget();
  }

  /** After a rollback, and where another process may have written. */
  forget(): void {
    this.#counts.forget();
    this.#bounds.forget();
  }
}
