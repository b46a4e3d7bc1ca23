import { noRecordedEvent } from "../../../engine/errors.ts";
import type {
  LogEntry,
  LogPage,
  LogPageOptions,
  LogRead,
  Position,
  PositionOf,
  RecordedEvent,
} from "../../../engine/event-log.ts";
import { decodeCursor, encodeCursor } from "../../../engine/page.ts";
import { defaultPageSize, type HistoryQuery } from "../../../engine/queries.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import { historyFilter } from "../../../history/history-filter.ts";
import { indexed } from "../publishing/event-columns.ts";
import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { integer, parseEvent, type Row } from "../storage/rows.ts";
import { conditions } from "./conditions.ts";
import { FirstDay } from "./first-day.ts";

export interface HistoryReaderDependencies {
  readonly database: Database;
  readonly names: Names;
  /** The log was read up to a position, while the last one given out was another. */
  looked(horizon: number, last: number): void;
  onError(error: BusError): void;
}

type Positioned = LogEntry & { readonly position: number };

/** The reading side of the events. */
export class HistoryReader {
  readonly #dependencies: HistoryReaderDependencies;
  readonly #events: string;
  readonly #firstDay = new FirstDay();

  constructor(dependencies: HistoryReaderDependencies) {
    this.#dependencies = dependencies;
    this.#events = `${dependencies.names.s}.events`;
  }

  async get(id: string): Promise<Event | undefined> {
    const [row] = await this.#call(`SELECT body FROM ${this.#events} WHERE id = $1 LIMIT 1`, [id]);
    return row === undefined ? undefined : parseEvent(row.body);
  }

  async flow(correlationId: string): Promise<RecordedEvent[]> {
    const rows = await this.#call(
      `SELECT seq, accepted, body FROM ${this.#events} WHERE flow = $1 OR (id = $1 AND flow IS NULL) ORDER BY seq`,
      [indexed(correlationId)],
    );
    return this.#readable(rows).filter(({ event }) => event.metadata.correlationId === correlationId);
  }

  /** SQL selects as far as it can tell; the filter decides. */
  async query(
    query: HistoryQuery,
    { cursor, limit = defaultPageSize, order = "newest", upTo }: LogPageOptions,
  ): Promise<LogPage> {
    const wants = historyFilter(query);
    const newest = order === "newest";
    const { where, values } = conditions(query, 3);
    const more = where.map((condition) => ` AND ${condition}`).join("");
    let after = decodeCursor(cursor, order) ?? (newest ? Number.MAX_SAFE_INTEGER : 0);
    let last = after;
    const end = upTo === undefined ? Number.MAX_SAFE_INTEGER : Number(upTo);
    const sql = `SELECT seq, accepted, body FROM ${this.#events}
      WHERE seq ${newest ? "<" : ">"} $1 AND seq <= $2${more} ORDER BY seq ${newest ? "DESC" : "ASC"} LIMIT ${limit + 1}`;
    const events: RecordedEvent[] = [];
    for (;;) {
      const rows = await this.#call(sql, [after, end, ...values]);
      for (const { event, acceptedAt, position } of this.#readable(rows)) {
        if (!wants(event, acceptedAt)) continue;
        if (events.length === limit) return { events, cursor: encodeCursor(last, order) };
        events.push({ event, acceptedAt });
        last = position;
      }
      const lastRow = rows.at(-1);
      if (lastRow === undefined || rows.length <= limit) return { events };
      after = integer(lastRow.seq);
    }
  }

  async position(of: PositionOf): Promise<Position> {
    const { s } = this.#dependencies.names;
    if (of === "end") {
      // It is what `readAfter` would come to, which also tells how far the log can be read.
      const [state] = await this.#call(`SELECT * FROM ${s}.read_from($1, 0, 0)`, [Number.MAX_SAFE_INTEGER]);
      const { day, final, horizon } = this.#looked(state);
      if (final) this.#firstDay.seen(horizon, day);
      return horizon;
    }
    if ("time" in of) {
      const [row] = await this.#call(`SELECT ${s}.position_before($1) AS seq`, [of.time]);
      return integer(row?.seq);
    }
    const [row] = await this.#call(`SELECT seq FROM ${this.#events} WHERE id = $1 LIMIT 1`, [of.eventId]);
    if (row === undefined) throw noRecordedEvent(of.eventId);
    return integer(row.seq);
  }

  async after(position: number, limit: number): Promise<LogRead> {
    const { s } = this.#dependencies.names;
    const values = [position, this.#firstDay.after(position), limit];
    const [state, ...rows] = await this.#call(`SELECT * FROM ${s}.read_from($1, $2, $3)`, values);
    const { day, final, horizon } = this.#looked(state);
    const last = rows.at(-1);
    if (last !== undefined) this.#firstDay.seen(integer(last.seq), integer(last.day));
    else if (final && horizon <= position) this.#firstDay.seen(position, day);
    return { events: this.#readable(rows), position: last === undefined ? position : integer(last.seq) };
  }

  /** `final`: no number up to the last one given out is still to be committed. */
  #looked(state: Row | undefined): { horizon: number; final: boolean; day: number } {
    const horizon = integer(state?.seq);
    const last = integer(state?.accepted);
    this.#dependencies.looked(horizon, last);
    return { horizon, final: horizon === last, day: integer(state?.day) };
  }

  #call(sql: string, values: readonly unknown[]): Promise<Row[]> {
    return this.#dependencies.database.call(sql, values);
  }

  #readable(rows: readonly Row[]): Positioned[] {
    return rows.flatMap((row) => {
      try {
        return { event: parseEvent(row.body), position: integer(row.seq), acceptedAt: integer(row.accepted) };
      } catch (thrown) {
        // One broken row must not hide the others.
        this.#dependencies.onError(toBusError(thrown));
        return [];
      }
    });
  }
}
