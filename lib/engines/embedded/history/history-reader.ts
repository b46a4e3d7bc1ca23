import type { DatabaseSync, StatementSync } from "node:sqlite";
import { noRecordedEvent } from "../../../engine/errors.ts";
import type { LogEntry, LogPage, LogPageOptions, RecordedEvent } from "../../../engine/event-log.ts";
import type { HistoryQuery } from "../../../engine/queries.ts";
import { defaultPageSize } from "../../../engine/queries.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import { historyFilter } from "../../../history/history-filter.ts";
import { decodeCursor, encodeCursor, type Order } from "../storage/cursor.ts";
import { integer, parseEvent } from "../storage/rows.ts";
import { EventScan, type Range, type Row } from "./event-scan.ts";
import { blockSize } from "./postings.ts";

/** An event with its position in the log. */
export type PositionedEvent = LogEntry & { readonly position: number };

/** Every position. */
export const everything: Range = { first: 0, last: Number.MAX_SAFE_INTEGER };

/** The reading side of the events. */
export class HistoryReader {
  readonly #scan: EventScan;
  readonly #onError: (error: BusError) => void;
  readonly #byId: StatementSync;
  readonly #ofFlow: StatementSync;
  readonly #newestOfFlow: StatementSync;
  readonly #after: StatementSync;
  readonly #seqOf: StatementSync;
  readonly #firstBlockSince: StatementSync;
  readonly #firstSince: StatementSync;
  readonly #lastSeq: StatementSync;

  constructor(db: DatabaseSync, onError: (error: BusError) => void) {
    this.#onError = onError;
    this.#scan = new EventScan(db);
    this.#byId = db.prepare("SELECT seq, accepted, body FROM events WHERE id = ? AND history = 1");
    this.#ofFlow = db.prepare(
      `SELECT seq, accepted, body FROM events WHERE id = ? AND flow IS NULL AND history = 1
       UNION ALL SELECT seq, accepted, body FROM events WHERE flow = ? AND history = 1 ORDER BY seq`,
    );
    this.#newestOfFlow = db.prepare(
      `SELECT seq, accepted, body FROM events WHERE flow = ?
       UNION ALL SELECT seq, accepted, body FROM events WHERE id = ? AND flow IS NULL ORDER BY seq DESC`,
    );
    this.#after = db.prepare(
      "SELECT seq, accepted, body FROM events WHERE seq > ? AND history = 1 ORDER BY seq LIMIT ?",
    );
    this.#seqOf = db.prepare("SELECT seq FROM events WHERE id = ? AND history = 1");
    this.#firstBlockSince = db.prepare("SELECT min(block) AS block FROM blocks WHERE block > ? AND max_accepted >= ?");
    this.#firstSince = db.prepare("SELECT min(seq) AS seq FROM events WHERE seq BETWEEN ? AND ? AND accepted >= ?");
    this.#lastSeq = db.prepare("SELECT last_seq FROM meta");
  }

  get(id: string): Event | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : parseEvent(row.body);
  }

  /** A flow's events of history, in order. */
  flow(correlationId: string): PositionedEvent[] {
    return this.#readableOf(this.#ofFlow.all(correlationId, correlationId));
  }

  /** All events of a flow, those outside of history as well, newest first; each is read when it is asked for. */
  *newestOfFlow(correlationId: string): Generator<PositionedEvent, void, void> {
    for (const row of this.#newestOfFlow.iterate(correlationId, correlationId)) {
      const stored = this.#readable(row);
      if (stored !== undefined) yield stored;
    }
  }

  async query(query: HistoryQuery, options: LogPageOptions): Promise<LogPage> {
    const { limit = defaultPageSize, order = "newest" } = options;
    const events: RecordedEvent[] = [];
    let last = 0;
    for await (const { event, acceptedAt, position } of this.select(query, order, rangeOf(options, order))) {
      if (events.length === limit) return { events, cursor: encodeCursor(last, order) };
      events.push({ event, acceptedAt });
      last = position;
    }
    return { events };
  }

  /** What a query wants of a range, in an order; the event loop gets its turns in between. */
  async *select(query: HistoryQuery, order: Order, range: Range = everything): AsyncGenerator<PositionedEvent> {
    const wants = historyFilter(query);
    const indexed = this.#lookUp(query);
    if (indexed !== undefined) {
      if (order === "newest") indexed.reverse();
      for (const stored of indexed) {
        const { acceptedAt, event, position } = stored;
        if (position >= range.first && position <= range.last && wants(event, acceptedAt)) yield stored;
      }
      return;
    }
    const { first, last } = range;
    const upToEnd = { first, last: Math.min(last, this.end()) };
    for await (const rows of this.#scan.rows(query, order, upToEnd)) {
      for (const row of rows) {
        const stored = this.#readable(row);
        if (stored !== undefined && wants(stored.event, stored.acceptedAt)) yield stored;
      }
    }
  }

  /** The last position given out. */
  end(): number {
    return integer(this.#lastSeq.get()?.last_seq);
  }

  /** The position of an event. `not_found`. */
  positionOf(id: string): number {
    const row = this.#seqOf.get(id);
    if (row !== undefined) return integer(row.seq);
    throw noRecordedEvent(id);
  }

  /** The position just before the first event accepted at or after a time, whatever the clock did since. */
  positionBefore(time: number): number {
    for (let block = -1; ; ) {
      const next = this.#firstBlockSince.get(block, time)?.block;
      if (next === null || next === undefined) return this.end();
      block = integer(next);
      const seq = this.#firstSince.get(block * blockSize, (block + 1) * blockSize - 1, time)?.seq;
      // A block's bounds may be wider than what is left in it.
      if (seq !== null && seq !== undefined) return integer(seq) - 1;
    }
  }

  /** Events of history after a position, and the position of the last row that was read. */
  after(position: number, limit: number): { events: PositionedEvent[]; position: number } {
    const rows = this.#after.all(position, limit);
    const last = rows.at(-1);
    return { events: this.#readableOf(rows), position: last === undefined ? position : integer(last.seq) };
  }

  /** Where an index says it all: by ids, or a whole flow. Oldest first. */
  #lookUp(query: HistoryQuery): PositionedEvent[] | undefined {
    if (query.ids !== undefined) {
      const rows = [...new Set(query.ids)].map((id) => this.#byId.get(id)).filter((row) => row !== undefined);
      return this.#readableOf(rows).sort((one, other) => one.position - other.position);
    }
    return query.correlationId === undefined ? undefined : this.flow(query.correlationId);
  }

  #readableOf(rows: readonly Row[]): PositionedEvent[] {
    return rows.flatMap((row) => this.#readable(row) ?? []);
  }

  /** Undefined where the row cannot be read: one broken row must not hide the others. */
  #readable(row: Row): PositionedEvent | undefined {
    try {
      return { event: parseEvent(row.body), position: integer(row.seq), acceptedAt: integer(row.accepted) };
    } catch (thrown) {
      this.#onError(toBusError(thrown));
      return undefined;
    }
  }
}

/** What a page may lie in: after its cursor, and not beyond the end that it is read up to. */
function rangeOf({ cursor, upTo }: LogPageOptions, order: Order): Range {
  const from = decodeCursor(cursor, order);
  const last = upTo === undefined ? everything.last : Number(upTo);
  if (from === undefined) return { first: 0, last };
  return order === "newest" ? { first: 0, last: Math.min(last, from - 1) } : { first: from + 1, last };
}
