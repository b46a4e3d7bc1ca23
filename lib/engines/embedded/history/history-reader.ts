import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Recorded } from "../../../engine/engine.ts";
import { noRecordedEvent } from "../../../engine/errors.ts";
import type { HistoryQuery, Page, PageOptions } from "../../../engine/queries.ts";
import { defaultPageSize } from "../../../engine/queries.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import { type Event, eventIdNames } from "../../../event/event.ts";
import { historyFilter } from "../../../history/history-filter.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import { decodeCursor, encodeCursor } from "../storage/cursor.ts";
import { integer, parseEvent } from "../storage/rows.ts";
import { BlockScan, type Direction } from "./block-scan.ts";
import { blockOf, blockSize } from "./postings.ts";

/** A recorded event with its place and when it was accepted. */
export interface StoredRecord {
  readonly event: Event;
  readonly seq: number;
  readonly accepted: number;
}

/** Milliseconds of reading after which the event loop gets a turn. */
const turnMs = 4;

/** The reading side of the events. */
export class History {
  readonly #scan: BlockScan;
  readonly #db: DatabaseSync;
  readonly #onError: (error: BusError) => void;
  readonly #within = new Map<string, StatementSync>();
  readonly #byId: StatementSync;
  readonly #ofFlow: StatementSync;
  readonly #after: StatementSync;
  readonly #seqOf: StatementSync;
  readonly #firstBlockSince: StatementSync;
  readonly #firstSince: StatementSync;
  readonly #lastSeq: StatementSync;

  constructor(db: DatabaseSync, onError: (error: BusError) => void) {
    this.#db = db;
    this.#onError = onError;
    this.#scan = new BlockScan(db);
    this.#byId = db.prepare("SELECT seq, accepted, body FROM events WHERE id = ? AND history = 1");
    this.#ofFlow = db.prepare(
      `SELECT seq, accepted, history, body FROM (
         SELECT seq, accepted, history, body FROM events WHERE id = ? AND flow IS NULL
         UNION ALL SELECT seq, accepted, history, body FROM events WHERE flow = ?
       ) ORDER BY seq`,
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

  /** All events of a flow, in order; those outside of history only where asked for. */
  flow(correlationId: string, options: { all: boolean } = { all: false }): StoredRecord[] {
    return this.#ofFlow
      .all(correlationId, correlationId)
      .filter((row) => options.all || row.history === 1)
      .flatMap((row) => this.#found(row));
  }

  async query(query: HistoryQuery, page: PageOptions): Promise<Page> {
    const limit = page.limit ?? defaultPageSize;
    const events: Event[] = [];
    const before = decodeCursor(page.cursor);
    let last = before;
    for await (const { event, seq } of this.select(query, "newest", { from: before - 1 })) {
      if (events.length === limit) return { events, cursor: encodeCursor(last) };
      events.push(event);
      last = seq;
    }
    return { events };
  }

  /** What a query wants, in order, from a place on; the event loop gets its turns in between. */
  async *select(
    query: HistoryQuery,
    direction: Direction,
    options: { from: number; to?: number },
  ): AsyncGenerator<StoredRecord> {
    const wants = historyFilter(query);
    const { from } = options;
    const to = options.to ?? Number.MAX_SAFE_INTEGER;
    const known = this.#lookUp(query);
    if (known !== undefined) {
      if (direction === "newest") known.reverse();
      for (const found of known) {
        const inRange = direction === "newest" ? found.seq <= from : found.seq >= from && found.seq <= to;
        if (inRange && wants(found.event, found.accepted)) yield found;
      }
      return;
    }
    const { sql, values } = this.#conditions(query, direction);
    let since = performance.now();
    const last = Math.min(from, this.end());
    for (const block of this.#scan.blocks(query, direction, blockOf(direction === "newest" ? last : from))) {
      if (block * blockSize > to) return;
      const low = Math.max(block * blockSize, direction === "oldest" ? from : 0);
      const high = Math.min((block + 1) * blockSize - 1, direction === "newest" ? from : to);
      for (const row of this.#statement(sql).all(low, high, ...values)) {
        for (const found of this.#found(row)) if (wants(found.event, found.accepted)) yield found;
      }
      if (performance.now() - since < turnMs) continue;
      await nextTurn();
      since = performance.now();
    }
  }

  /** Where an index says it all: by ids, or a whole flow. Oldest first. */
  #lookUp(query: HistoryQuery): StoredRecord[] | undefined {
    if (query.ids !== undefined) {
      const rows = [...new Set(query.ids)].map((id) => this.#byId.get(id)).filter((row) => row !== undefined);
      return rows.flatMap((row) => this.#found(row)).sort((one, other) => one.seq - other.seq);
    }
    return query.correlationId === undefined ? undefined : this.flow(query.correlationId);
  }

  /**
   * What SQL can tell without parsing: a text that an event must contain, as it was written. The filter has the last word.
   */
  #conditions(query: HistoryQuery, direction: Direction): { sql: string; values: (string | number)[] } {
    const wanted: [string, string | number | undefined][] = [
      ["accepted >= ?", queryTime(query.since, "since")],
      ["accepted < ?", queryTime(query.until, "until")],
    ];
    const contains = (name: string, value: string | undefined) =>
      wanted.push(["instr(body, ?) > 0", value === undefined ? undefined : `"${name}":${JSON.stringify(value)}`]);
    if (typeof query.type === "string" && !query.type.includes("*")) contains("type", query.type);
    contains("source", query.source);
    contains("causationId", query.causationId);
    for (const name of eventIdNames) contains(name, query[name]);
    const given = wanted.flatMap(([condition, value]) => (value === undefined ? [] : [{ condition, value }]));
    return {
      sql: `SELECT seq, accepted, body FROM events WHERE seq BETWEEN ? AND ? AND history = 1${given
        .map(({ condition }) => ` AND ${condition}`)
        .join("")} ORDER BY seq ${direction === "newest" ? "DESC" : "ASC"}`,
      values: given.map(({ value }) => value),
    };
  }

  #statement(sql: string): StatementSync {
    let statement = this.#within.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#within.set(sql, statement);
    }
    return statement;
  }

  /** The last place given out. */
  end(): number {
    return integer(this.#lastSeq.get()?.last_seq);
  }

  /** The place of an event. `not_found`. */
  positionOf(id: string): number {
    const row = this.#seqOf.get(id);
    if (row !== undefined) return integer(row.seq);
    throw noRecordedEvent(id);
  }

  /** The place just before the first event accepted at or after a time, whatever the clock did since. */
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

  /** Recorded events after a place. */
  after(place: number, limit: number): { events: Recorded[]; position: number } {
    const rows = this.#after.all(place, limit);
    const events = rows.flatMap((row) => this.#found(row));
    const last = rows.at(-1);
    return {
      events: events.map(({ event, seq }) => ({ event, position: seq })),
      position: last === undefined ? place : integer(last.seq),
    };
  }

  /** None where the row cannot be read: one broken row must not hide the others. */
  #found(row: Readonly<Record<string, unknown>>): StoredRecord[] {
    try {
      return [{ event: parseEvent(row.body), seq: integer(row.seq), accepted: integer(row.accepted) }];
    } catch (thrown) {
      this.#onError(toBusError(thrown));
      return [];
    }
  }
}
