import type { DatabaseSync, StatementSync } from "node:sqlite";
import { failureCounts } from "../../../delivery/failure-counts.ts";
import type { Delivery, EndedDelivery, Failure, FailureCount } from "../../../engine/delivery.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import { formatTime } from "../../../event/time.ts";
import { blockOf, blockSize } from "../history/postings.ts";
import { integer, text } from "../storage/rows.ts";
import { outcomesOf, type StoredOutcomes } from "./outcome-rows.ts";
import type { Replays } from "./replays.ts";

/** How a delivery ended. */
export interface Ending {
  readonly outcome: EndedDelivery["outcome"];
  /** Milliseconds for which the handler ran; undefined where it did not, or nobody knows. */
  readonly ranMs: number | undefined;
  /** Why its last attempt failed, where it did. */
  readonly failure?: Failure;
}

/** What of a delivery is recorded once it has ended. */
export interface EndedRow extends Pick<Delivery, "subscription" | "attempt" | "acceptedAt" | "failures"> {
  readonly seq: number;
  /** The number of its replay, or 0. */
  readonly replay: number;
}

/** Rows that one block can have: by then its deliveries have been replayed a million times, and no more is recorded. */
const rowsOfBlock = 2 ** 20;

/**
 * How the deliveries of recorded events ended. All that a transaction ends of a block of events is one row, so that a record
 * costs some ten bytes and hardly any time where much is going on. A block's rows go with its events.
 */
export class OutcomeTable {
  readonly #replays: Replays;
  readonly #onError: (error: BusError) => void;
  readonly #insert: StatementSync;
  readonly #ofBlock: StatementSync;
  readonly #delete: StatementSync;
  readonly #eventsOfFlow: StatementSync;
  /** Of the running transaction: by block, then by subscription. */
  readonly #added = new Map<number, Map<string, StoredOutcomes>>();
  #at = 0;

  constructor(db: DatabaseSync, replays: Replays, onError: (error: BusError) => void) {
    this.#replays = replays;
    this.#onError = onError;
    // By the last row of the block: an aggregate would read all of them, each time. Node 22.18 binds no numbered parameters.
    this.#insert = db.prepare(
      `INSERT INTO outcomes (id, at, data) SELECT next, ?, ? FROM (
         SELECT coalesce((SELECT id FROM outcomes WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1) + 1, ?) AS next
       ) WHERE next <= ?`,
    );
    this.#ofBlock = db.prepare("SELECT at, data FROM outcomes WHERE id BETWEEN ? AND ? ORDER BY id");
    this.#delete = db.prepare("DELETE FROM outcomes WHERE id BETWEEN ? AND ?");
    this.#eventsOfFlow = db.prepare(
      `SELECT seq, id FROM events WHERE id = ? AND flow IS NULL AND history = 1
       UNION ALL SELECT seq, id FROM events WHERE flow = ? AND history = 1`,
    );
  }

  /** Within a transaction: a delivery has ended, at a time in milliseconds that is the same for all of the transaction. */
  add(delivery: EndedRow, { outcome, ranMs, failure }: Ending, at: number): void {
    const { acceptedAt, attempt, failures, replay, seq, subscription } = delivery;
    this.#at = at;
    const block = blockOf(seq);
    let ofBlock = this.#added.get(block);
    if (ofBlock === undefined) {
      ofBlock = new Map();
      this.#added.set(block, ofBlock);
    }
    let outcomes = ofBlock.get(subscription);
    if (outcomes === undefined) {
      outcomes = { plain: [], others: [] };
      ofBlock.set(subscription, outcomes);
    }
    const offset = seq - block * blockSize;
    const totalMs = Math.max(0, at - acceptedAt);
    if (outcome === "done" && attempt === 1 && replay === 0 && ranMs !== undefined) {
      outcomes.plain.push(offset, ranMs, totalMs);
      return;
    }
    const failed = failureCounts(failure === undefined ? failures : [...failures, failure]);
    outcomes.others.push({
      offset,
      ...(ranMs === undefined ? {} : { ranMs }),
      totalMs,
      outcome,
      attempts: attempt,
      ...(replay === 0 ? {} : { replay }),
      ...(failed.length === 0 ? {} : { failures: failed }),
    });
  }

  /** Writes what the transaction has added; before its end. */
  write(): void {
    for (const [block, ofBlock] of this.#added) {
      const data = [...ofBlock].map(([subscription, { plain, others }]) =>
        others.length === 0 ? [subscription, plain] : [subscription, plain, others],
      );
      const { first, last } = rowsIn(block);
      this.#insert.run(this.#at, JSON.stringify(data), first, last, first, last);
    }
    this.#added.clear();
  }

  /** After a rollback. */
  forget(): void {
    this.#added.clear();
  }

  /** Within a transaction: the events of a block are gone. */
  deleteBlock(block: number): void {
    const { first, last } = rowsIn(block);
    this.#delete.run(first, last);
  }

  /** Of the recorded events of a flow, in the order in which they ended. */
  ofFlow(correlationId: string): EndedDelivery[] {
    const byBlock = Map.groupBy(this.#eventsOfFlow.all(correlationId, correlationId), ({ seq }) =>
      blockOf(integer(seq)),
    );
    const ended: { readonly at: number; readonly delivery: EndedDelivery }[] = [];
    for (const [block, rows] of byBlock) {
      const ids = new Map(rows.map(({ id, seq }) => [integer(seq) - block * blockSize, text(id)]));
      const { first, last } = rowsIn(block);
      for (const row of this.#ofBlock.all(first, last)) {
        for (const delivery of this.#readable(row, ids)) ended.push({ at: integer(row.at), delivery });
      }
    }
    return ended.sort((one, other) => one.at - other.at).map(({ delivery }) => delivery);
  }

  /** None where the row cannot be read: one broken row must not hide the others. */
  #readable(row: Readonly<Record<string, unknown>>, ids: ReadonlyMap<number, string>): EndedDelivery[] {
    try {
      const endedAt = formatTime(integer(row.at));
      const none: readonly FailureCount[] = [];
      return outcomesOf(row.data, (offset) => ids.has(offset)).map(
        ({ subscription, offset, outcome, attempts, ranMs, totalMs, replay, failures = none }) => {
          const replayId = this.#replays.idOf(replay ?? 0);
          return {
            subscription,
            eventId: ids.get(offset) ?? "",
            ...(replayId === undefined ? {} : { replayId }),
            outcome,
            attempts,
            failures,
            endedAt,
            ...(ranMs === undefined ? {} : { ranMs }),
            totalMs,
          };
        },
      );
    } catch (thrown) {
      this.#onError(toBusError(thrown));
      return [];
    }
  }
}

function rowsIn(block: number): { first: number; last: number } {
  return { first: block * rowsOfBlock, last: (block + 1) * rowsOfBlock - 1 };
}
