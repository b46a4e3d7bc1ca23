import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { EventTable } from "../publishing/event-table.ts";
import { integer } from "../storage/rows.ts";

/** Rows deleted in one transaction. */
const rowsAtOnce = 512;

/** Deletes, in steps, what deleted subscriptions had not delivered. */
export class PendingDeletions {
  readonly #events: EventTable;
  readonly #next: StatementSync;
  readonly #rows: StatementSync;
  readonly #deleteRow: StatementSync;
  readonly #done: StatementSync;

  constructor(db: DatabaseSync, events: EventTable) {
    this.#events = events;
    this.#next = db.prepare("SELECT sub FROM pending_deletions LIMIT 1");
    this.#rows = db.prepare(
      `SELECT d.state, d.priority, d.seq, d.replay, e.history FROM deliveries AS d LEFT JOIN events AS e ON e.seq = d.seq
       WHERE d.sub = ? LIMIT ?`,
    );
    this.#deleteRow = db.prepare(
      "DELETE FROM deliveries WHERE sub = ? AND state = ? AND priority = ? AND seq = ? AND replay = ?",
    );
    this.#done = db.prepare("DELETE FROM pending_deletions WHERE sub = ?");
  }

  /** Whether there is anything left to delete. */
  any(): boolean {
    return this.#next.get() !== undefined;
  }

  /** Within a transaction: the next step. */
  step(): void {
    const next = this.#next.get();
    if (next === undefined) return;
    const sub = integer(next.sub);
    const rows = this.#rows.all(sub, rowsAtOnce);
    for (const { state, priority, seq, replay, history } of rows) {
      this.#deleteRow.run(sub, integer(state), integer(priority), integer(seq), integer(replay));
      if (history === 0) this.#events.releaseTransient(integer(seq));
    }
    if (rows.length < rowsAtOnce) this.#done.run(sub);
  }
}
