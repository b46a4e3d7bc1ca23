import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { HistoryQuery } from "../../../engine/queries.ts";
import { eventIdNames } from "../../../event/event.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import type { Order } from "../storage/cursor.ts";
import { BlockScan } from "./block-scan.ts";
import { blockOf, blockSize } from "./postings.ts";

/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** A range of positions, both ends included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Milliseconds of reading after which the event loop gets a turn. */
const turnMs = 4;

/** Reads the rows of events that may be what a query wants, block by block. */
export class EventScan {
  readonly #db: DatabaseSync;
  readonly #blocks: BlockScan;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#blocks = new BlockScan(db);
  }

  /** Candidates in an order; the event loop gets its turns in between. */
  async *rows(query: HistoryQuery, order: Order, { first, last }: Range): AsyncGenerator<readonly Row[], void, void> {
    const { sql, values } = conditions(query, order);
    const statement = this.#statement(sql);
    let since = performance.now();
    for (const block of this.#blocks.blocks(query, order, blockOf(order === "newest" ? last : first))) {
      const low = Math.max(block * blockSize, first);
      const high = Math.min((block + 1) * blockSize - 1, last);
      if (low > high) return;
      yield statement.all(low, high, ...values);
      if (performance.now() - since < turnMs) continue;
      await nextTurn();
      since = performance.now();
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** What SQL can tell without parsing: a text that an event must contain, as it was written. */
function conditions(query: HistoryQuery, order: Order): { sql: string; values: (string | number)[] } {
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
      .join("")} ORDER BY seq ${order === "newest" ? "DESC" : "ASC"}`,
    values: given.map(({ value }) => value),
  };
}
