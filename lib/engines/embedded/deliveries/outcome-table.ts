import type { DatabaseSync, StatementSync } from "node:sqlite";
import { failureCounts } from "../../../delivery/failure-counts.ts";
import type { Delivery, EndedDelivery, EndedSample, Failure, FailureCount } from "../../../engine/delivery.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import { formatTime } from "../../../event/time.ts";
import { blockOf, blockSize } from "../history/postings.ts";
import { integer, text } from "../storage/rows.ts";
import { linesOf, type OtherOutcome, type OutcomeLine, outcomesOf } from "./outcome-rows.ts";
import type { Replays } from "./replays.ts";

/** What of a delivery is recorded once it has ended. */
export interface EndedRow extends Pick<Delivery, "subscription" | "attempt" | "acceptedAt" | "failures"> {
  readonly seq: number;
  /** The number of its replay, or 0. */
  readonly replay: number;
}

/** Rows that one block can have: by then its deliveries have been replayed a million times, and no more is recorded. */
const rowsOfBlock = 2 ** 20;

/** Characters that are kept in `meta` before they become rows: its row is written with each transaction. */
const tailLimit = 1_500;

/** Plain outcomes of a subscription in a block, as its line has them. */
interface PlainOutcomes {
  readonly block: number;
  readonly subscription: string;
  text: string;
}

/**
 * How the deliveries of recorded events ended: some ten bytes each. The last of them are kept in the row of `meta`, which each
 * transaction writes anyway: a row of their own would cost a small transaction a further page. A block's rows go with its
 * events.
 */
export class OutcomeTable {
  readonly #replays: Replays;
  readonly #onError: (error: BusError) => void;
  readonly #insert: StatementSync;
  readonly #ofBlock: StatementSync;
  readonly #since: StatementSync;
  readonly #delete: StatementSync;
  readonly #readTail: StatementSync;
  readonly #endTail: StatementSync;
  readonly #eventsOfFlow: StatementSync;
  /** Of the running transaction: plain ones by subscription, and lines that are complete. */
  readonly #plain = new Map<string, PlainOutcomes>();
  readonly #lines: OutcomeLine[] = [];
  #at = 0;
  /** Characters that `meta` keeps; undefined where that is not known. */
  #tailLength: number | undefined;
  /** What the last line in `meta` is of, where it is known and of plain ones. */
  #last: { readonly subscription: string; readonly block: number; at: number } | undefined;

  constructor(db: DatabaseSync, replays: Replays, onError: (error: BusError) => void) {
    this.#replays = replays;
    this.#onError = onError;
    // By the last row of the block: an aggregate would read all of them, each time. Node 22.18 binds no numbered parameters.
    this.#insert = db.prepare(
      `INSERT INTO outcomes (id, at, data) SELECT next, ?, ? FROM (
         SELECT coalesce((SELECT id FROM outcomes WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1) + 1, ?) AS next
       ) WHERE next <= ? AND EXISTS (SELECT 1 FROM blocks WHERE block = ?)`,
    );
    this.#ofBlock = db.prepare("SELECT at, data FROM outcomes WHERE id BETWEEN ? AND ? ORDER BY id");
    this.#since = db.prepare("SELECT at, data FROM outcomes WHERE at >= ? ORDER BY at DESC");
    this.#delete = db.prepare("DELETE FROM outcomes WHERE id BETWEEN ? AND ?");
    this.#readTail = db.prepare("SELECT outcomes FROM meta");
    this.#endTail = db.prepare("UPDATE meta SET outcomes = ''");
    this.#eventsOfFlow = db.prepare(
      `SELECT seq, id FROM events WHERE id = ? AND flow IS NULL AND history = 1
       UNION ALL SELECT seq, id FROM events WHERE flow = ? AND history = 1`,
    );
  }

  /**
   * Within a transaction: a delivery has ended, at a time in milliseconds that is the same for all of the transaction. `ranMs` is
   * for how long the handler ran, undefined where it did not, or nobody knows; `failure` why its last attempt failed, where it
   * did. There is no object around these, since it would be made for each delivery.
   */
  add(
    delivery: EndedRow,
    outcome: EndedDelivery["outcome"],
    ranMs: number | undefined,
    failure: Failure | undefined,
    at: number,
  ): void {
    const { acceptedAt, attempt, failures, replay, seq, subscription } = delivery;
    this.#at = at;
    const block = blockOf(seq);
    const offset = seq - block * blockSize;
    const totalMs = Math.max(0, at - acceptedAt);
    if (outcome === "done" && attempt === 1 && replay === 0 && ranMs !== undefined) {
      this.#addPlain(subscription, block, `${offset},${ranMs},${totalMs}`);
      return;
    }
    const failed = failureCounts(failure === undefined ? failures : [...failures, failure]);
    const other: OtherOutcome = {
      offset,
      ...(ranMs === undefined ? {} : { ranMs }),
      totalMs,
      outcome,
      attempts: attempt,
      ...(replay === 0 ? {} : { replay }),
      ...(failed.length === 0 ? {} : { failures: failed }),
    };
    this.#lines.push({ block, text: `${subscription} ${at}${JSON.stringify(other)}` });
  }

  /** Before the end of the transaction: gives what is to be added to what `meta` keeps for what it has ended. */
  write(): string {
    if (this.#plain.size === 0 && this.#lines.length === 0) return "";
    const length = this.#tailLength ?? this.#tailText().length;
    const added = this.#continued() ?? this.#newLines();
    if (length + added.length <= tailLimit) {
      this.#tailLength = length + added.length;
      this.#lines.length = 0;
      return added;
    }
    const tail = this.#tailText();
    this.#insertRows(this.#lines.length === 0 ? linesOf(tail + added) : [...linesOf(tail), ...this.#lines]);
    this.#endTail.run();
    this.#lines.length = 0;
    this.#tailLength = 0;
    this.#last = undefined;
    return "";
  }

  /** After a rollback. */
  forget(): void {
    this.#plain.clear();
    this.#lines.length = 0;
    this.forgetTail();
  }

  /** Where another process may have written. */
  forgetTail(): void {
    this.#tailLength = undefined;
    this.#last = undefined;
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
    const tail = linesOf(this.#tailText());
    for (const [block, rows] of byBlock) {
      const ids = new Map(rows.map(({ id, seq }) => [integer(seq) - block * blockSize, text(id)]));
      const { first, last } = rowsIn(block);
      for (const { at, data } of this.#ofBlock.all(first, last)) ended.push(...this.#readable(data, integer(at), ids));
      for (const one of tail) if (one.block === block) ended.push(...this.#readable(one.text, 0, ids));
    }
    return ended.sort((one, other) => one.at - other.at).map(({ delivery }) => delivery);
  }

  /** Those that ended at or after a time, the last rows first; at most `limit`. */
  since(time: number, limit: number): EndedSample[] {
    const samples: EndedSample[] = [];
    for (const { data, at } of this.#newestRows(time)) {
      samples.push(...this.#samples(data, at, time));
      if (samples.length >= limit) break;
    }
    return samples.slice(0, limit);
  }

  *#newestRows(time: number): Generator<{ readonly data: unknown; readonly at: number }> {
    for (const { text: data } of linesOf(this.#tailText()).reverse()) yield { data, at: 0 };
    for (const { at, data } of this.#since.iterate(time)) yield { data, at: integer(at) };
  }

  #samples(data: unknown, rowAt: number, since: number): EndedSample[] {
    try {
      const found = outcomesOf(data, rowAt, () => true).filter(({ at }) => at >= since);
      return found.map(({ subscription, at, outcome, ranMs, totalMs, failures = [] }) => ({
        subscription,
        outcome,
        failures: failures.reduce((sum, { count }) => sum + count, 0),
        endedAt: at,
        ...(ranMs === undefined ? {} : { ranMs }),
        totalMs,
      }));
    } catch (thrown) {
      this.#onError(toBusError(thrown));
      return [];
    }
  }

  #addPlain(subscription: string, block: number, text: string): void {
    const before = this.#plain.get(subscription);
    if (before?.block === block) {
      before.text += `,${text}`;
      return;
    }
    if (before !== undefined) this.#lines.push(this.#line(before));
    this.#plain.set(subscription, { block, subscription, text });
  }

  /** What goes on with the last line that `meta` has, where that is all. */
  #continued(): string | undefined {
    const last = this.#last;
    if (last === undefined || this.#plain.size !== 1 || this.#lines.length > 0) return undefined;
    const plain = this.#plain.get(last.subscription);
    if (plain?.block !== last.block) return undefined;
    this.#plain.clear();
    const laterMs = this.#at - last.at;
    last.at = this.#at;
    return laterMs === 0 ? `,${plain.text}` : `@${laterMs}:${plain.text}`;
  }

  /** Completes the lines of the transaction. */
  #newLines(): string {
    this.#last = undefined;
    for (const plain of this.#plain.values()) {
      this.#lines.push(this.#line(plain));
      this.#last = { subscription: plain.subscription, block: plain.block, at: this.#at };
    }
    this.#plain.clear();
    let text = "";
    for (const line of this.#lines) text += `\n${line.block} ${line.text}`;
    return text;
  }

  #line({ block, subscription, text }: PlainOutcomes): OutcomeLine {
    return { block, text: `${subscription} ${this.#at}:${text}` };
  }

  #tailText(): string {
    return text(this.#readTail.get()?.outcomes);
  }

  /** One row for each block; none for a block that is gone. */
  #insertRows(lines: readonly OutcomeLine[]): void {
    for (const [block, ofBlock] of Map.groupBy(lines, (line) => line.block)) {
      const { first, last } = rowsIn(block);
      const text = ofBlock.map((line) => line.text).join("\n");
      this.#insert.run(this.#at, text, first, last, first, last, block);
    }
  }

  /** None where the row cannot be read: one broken row must not hide the others. */
  #readable(
    data: unknown,
    rowAt: number,
    ids: ReadonlyMap<number, string>,
  ): { readonly at: number; readonly delivery: EndedDelivery }[] {
    try {
      const none: readonly FailureCount[] = [];
      return outcomesOf(data, rowAt, (offset) => ids.has(offset)).map(
        ({ subscription, at, offset, outcome, attempts, ranMs, totalMs, replay, failures = none }) => {
          const replayId = this.#replays.idOf(replay ?? 0);
          const delivery = {
            subscription,
            eventId: ids.get(offset) ?? "",
            ...(replayId === undefined ? {} : { replayId }),
            outcome,
            attempts,
            failures,
            endedAt: formatTime(at),
            ...(ranMs === undefined ? {} : { ranMs }),
            totalMs,
          };
          return { at, delivery };
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
