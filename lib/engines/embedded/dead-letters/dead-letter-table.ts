import type { DatabaseSync, StatementSync } from "node:sqlite";
import { deadLetterFilter } from "../../../dead-letters/dead-letter-filter.ts";
import type { DeadLetter, Failure } from "../../../engine/delivery.ts";
import type { DeadLetterPage, DeadLetterQuery, PageOptions } from "../../../engine/queries.ts";
import { defaultPageSize } from "../../../engine/queries.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import { formatTime } from "../../../event/time.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import { decodeCursor, encodeCursor } from "../storage/cursor.ts";
import { integer, optionalText, parseEvent, parseFailure, parseFailures, text } from "../storage/rows.ts";

/** What is kept of a delivery that is dead. */
export interface DeadDelivery {
  readonly subscription: string | undefined;
  /** Which replay it belongs to; 0 for none. */
  readonly replay: number;
  readonly event: Event;
  readonly reason: Failure;
  readonly attempts: number;
  readonly failures: readonly Failure[];
  readonly acceptedAt: number;
  readonly diedAt: number;
}

const columns = "n, id, subscription, body, reason, attempts, failures, accepted, dead";

/** The table of the dead letters. Each has its own copy of the event, which history may forget. */
export class DeadLetterTable {
  readonly #db: DatabaseSync;
  readonly #nextId: () => string;
  readonly #onError: (error: BusError) => void;
  readonly #insert: StatementSync;
  readonly #byId: StatementSync;
  readonly #replayOf: StatementSync;
  readonly #delete: StatementSync;
  readonly #count: StatementSync;
  readonly #ofEvent: StatementSync;

  constructor(db: DatabaseSync, nextId: () => string, onError: (error: BusError) => void) {
    this.#db = db;
    this.#onError = onError;
    this.#nextId = nextId;
    this.#insert = db.prepare(
      `INSERT INTO dead_letters
         (id, subscription, replay, type, event_id, correlation_id, code, accepted, dead, attempts, body, reason, failures)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#byId = db.prepare(`SELECT ${columns} FROM dead_letters WHERE id = ?`);
    this.#replayOf = db.prepare("SELECT replay FROM dead_letters WHERE id = ?");
    this.#delete = db.prepare("DELETE FROM dead_letters WHERE id = ?");
    this.#count = db.prepare("SELECT count(*) AS count FROM dead_letters WHERE subscription = ?");
    this.#ofEvent = db.prepare(
      "SELECT subscription FROM dead_letters WHERE correlation_id = ? AND event_id = ? AND subscription IS NOT NULL",
    );
  }

  insert(dead: DeadDelivery): DeadLetter {
    const { event, reason } = dead;
    const id = this.#nextId();
    this.#insert.run(
      id,
      dead.subscription ?? null,
      dead.replay,
      event.type,
      event.id,
      event.metadata.correlationId,
      reason.code,
      dead.acceptedAt,
      dead.diedAt,
      dead.attempts,
      JSON.stringify(event),
      JSON.stringify(reason),
      JSON.stringify(dead.failures),
    );
    return {
      id,
      ...(dead.subscription === undefined ? {} : { subscription: dead.subscription }),
      event,
      reason,
      attempts: dead.attempts,
      failures: dead.failures,
      acceptedAt: formatTime(dead.acceptedAt),
      deadAt: formatTime(dead.diedAt),
    };
  }

  get(id: string): DeadLetter | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : toDeadLetter(row);
  }

  /** The replay that a dead letter belongs to; 0 for none. */
  replayOf(id: string): number {
    return integer(this.#replayOf.get(id)?.replay);
  }

  delete(id: string): boolean {
    return this.#delete.run(id).changes !== 0;
  }

  count(subscription: string): number {
    return integer(this.#count.get(subscription)?.count);
  }

  /** The subscriptions in which an event is dead. */
  subscriptionsOf(event: Event): string[] {
    return this.#ofEvent.all(event.metadata.correlationId, event.id).map((row) => text(row.subscription));
  }

  /** Newest first. What SQL can tell is asked of SQL; the filter has the last word. */
  list(query: DeadLetterQuery, page: PageOptions): DeadLetterPage {
    const limit = page.limit ?? defaultPageSize;
    const matches = deadLetterFilter(query);
    const { where, values } = conditions(query);
    const deadLetters: DeadLetter[] = [];
    let before = decodeCursor(page.cursor);
    const statement = this.#db.prepare(
      `SELECT ${columns} FROM dead_letters WHERE n < ?${where} ORDER BY n DESC LIMIT ?`,
    );
    let last = before;
    for (;;) {
      const rows = statement.all(before, ...values, limit + 1);
      for (const row of rows) {
        before = integer(row.n);
        const letter = this.#readable(row);
        if (letter === undefined || !matches(letter)) continue;
        if (deadLetters.length === limit) return { deadLetters, cursor: encodeCursor(last) };
        deadLetters.push(letter);
        last = before;
      }
      if (rows.length <= limit) return { deadLetters };
    }
  }

  /** Undefined where it cannot be read: one broken row must not hide the others. */
  #readable(row: Readonly<Record<string, unknown>>): DeadLetter | undefined {
    try {
      return toDeadLetter(row);
    } catch (thrown) {
      this.#onError(toBusError(thrown));
      return undefined;
    }
  }
}

function conditions(query: DeadLetterQuery): { where: string; values: (string | number)[] } {
  const wanted: [string, string | number | undefined][] = [
    ["subscription = ?", query.subscription],
    ["event_id = ?", query.eventId],
    ["correlation_id = ?", query.correlationId],
    ["code = ?", query.code],
    ["type = ?", query.type?.includes("*") === true ? undefined : query.type],
    ["dead >= ?", queryTime(query.since, "since")],
    ["dead < ?", queryTime(query.until, "until")],
  ];
  const given = wanted.flatMap(([condition, value]) => (value === undefined ? [] : [{ condition, value }]));
  return {
    where: given.map(({ condition }) => ` AND ${condition}`).join(""),
    values: given.map(({ value }) => value),
  };
}

function toDeadLetter(row: Readonly<Record<string, unknown>>): DeadLetter {
  const subscription = optionalText(row.subscription);
  return {
    id: text(row.id),
    ...(subscription === undefined ? {} : { subscription }),
    event: parseEvent(row.body),
    reason: parseFailure(row.reason),
    attempts: integer(row.attempts),
    failures: parseFailures(row.failures),
    acceptedAt: formatTime(integer(row.accepted)),
    deadAt: formatTime(integer(row.dead)),
  };
}
