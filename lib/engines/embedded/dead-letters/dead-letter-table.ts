import type { DatabaseSync, StatementSync } from "node:sqlite";
import { deadLetterFilter } from "../../../dead-letters/dead-letter-filter.ts";
import { type DeadDelivery, deadLetterOf } from "../../../delivery/dead-letter.ts";
import type { DeadLetter, Failure } from "../../../engine/delivery.ts";
import type { DeadLetterPage, DeadLetterQuery, PageOptions } from "../../../engine/queries.ts";
import { defaultPageSize } from "../../../engine/queries.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import { formatTime } from "../../../event/time.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import type { Replays } from "../deliveries/replays.ts";
import { decodeCursor, encodeCursor } from "../storage/cursor.ts";
import { integer, optionalText, parseEvent, parseFailure, parseFailures, text } from "../storage/rows.ts";

export interface DeadLetterTableDependencies {
  readonly nextId: () => string;
  readonly replays: Replays;
  onError(error: BusError): void;
}

const columns = "n, id, subscription, replay, body, reason, attempts, failures, accepted, dead";

/** The table of the dead letters. Each has its own copy of the event, which history may forget. */
export class DeadLetterTable {
  readonly #db: DatabaseSync;
  readonly #dependencies: DeadLetterTableDependencies;
  readonly #insert: StatementSync;
  readonly #byId: StatementSync;
  readonly #exists: StatementSync;
  readonly #delete: StatementSync;
  readonly #replace: StatementSync;
  readonly #count: StatementSync;
  readonly #ofEvent: StatementSync;

  constructor(db: DatabaseSync, dependencies: DeadLetterTableDependencies) {
    this.#db = db;
    this.#dependencies = dependencies;
    this.#insert = db.prepare(
      `INSERT INTO dead_letters
         (id, subscription, replay, type, event_id, correlation_id, code, accepted, dead, attempts, body, reason, failures)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    );
    this.#byId = db.prepare(`SELECT ${columns} FROM dead_letters WHERE id = ?`);
    this.#exists = db.prepare("SELECT 1 FROM dead_letters WHERE id = ?");
    this.#delete = db.prepare("DELETE FROM dead_letters WHERE id = ?");
    this.#replace = db.prepare("UPDATE dead_letters SET body = ?, reason = ?, failures = ? WHERE id = ?");
    this.#count = db.prepare("SELECT count(*) AS count FROM dead_letters WHERE subscription = ?");
    this.#ofEvent = db.prepare(
      "SELECT subscription FROM dead_letters WHERE correlation_id = ? AND event_id = ? AND subscription IS NOT NULL",
    );
  }

  /** Within a transaction: a delivery is dead, for a reason, at a time in milliseconds. */
  add(delivery: DeadDelivery, reason: Failure, deadAt: number): void {
    this.put(deadLetterOf(delivery, reason, { id: this.#dependencies.nextId(), deadAt }));
  }

  /** Within a transaction; the same `id` again changes nothing. */
  put(deadLetter: DeadLetter): void {
    const { event, reason, replayId } = deadLetter;
    this.#insert.run(
      deadLetter.id,
      deadLetter.subscription ?? null,
      replayId === undefined ? 0 : this.#dependencies.replays.numberOf(replayId),
      event.type,
      event.id,
      event.metadata.correlationId,
      reason.code,
      Date.parse(deadLetter.acceptedAt),
      Date.parse(deadLetter.deadAt),
      deadLetter.attempts,
      JSON.stringify(event),
      JSON.stringify(reason),
      JSON.stringify(deadLetter.failures),
    );
  }

  get(id: string): DeadLetter | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : this.#parse(row);
  }

  /** Within a transaction: puts what `change` makes of each of these in its place. */
  replace(ids: readonly string[], change: (deadLetter: DeadLetter) => DeadLetter): void {
    for (const id of ids) {
      const deadLetter = this.get(id);
      if (deadLetter === undefined) continue;
      const { event, failures, reason } = change(deadLetter);
      this.#replace.run(JSON.stringify(event), JSON.stringify(reason), JSON.stringify(failures), id);
    }
  }

  has(id: string): boolean {
    return this.#exists.get(id) !== undefined;
  }

  /** Within a transaction. False where there is none. */
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

  /** Newest first. SQL selects as far as it can tell; the filter decides. */
  list(query: DeadLetterQuery, page: PageOptions): DeadLetterPage {
    const limit = page.limit ?? defaultPageSize;
    const matches = deadLetterFilter(query);
    const { where, values } = conditions(query);
    const deadLetters: DeadLetter[] = [];
    const statement = this.#db.prepare(
      `SELECT ${columns} FROM dead_letters WHERE n < ?${where} ORDER BY n DESC LIMIT ?`,
    );
    let before = decodeCursor(page.cursor, "newest") ?? Number.MAX_SAFE_INTEGER;
    let last = before;
    for (;;) {
      const rows = statement.all(before, ...values, limit + 1);
      for (const row of rows) {
        before = integer(row.n);
        const deadLetter = this.#readable(row);
        if (deadLetter === undefined || !matches(deadLetter)) continue;
        if (deadLetters.length === limit) return { deadLetters, cursor: encodeCursor(last, "newest") };
        deadLetters.push(deadLetter);
        last = before;
      }
      if (rows.length <= limit) return { deadLetters };
    }
  }

  /** Undefined where it cannot be read: one broken row must not hide the others. */
  #readable(row: Readonly<Record<string, unknown>>): DeadLetter | undefined {
    try {
      return this.#parse(row);
    } catch (thrown) {
      this.#dependencies.onError(toBusError(thrown));
      return undefined;
    }
  }

  #parse(row: Readonly<Record<string, unknown>>): DeadLetter {
    const subscription = optionalText(row.subscription);
    const replayId = this.#dependencies.replays.idOf(integer(row.replay));
    return {
      id: text(row.id),
      ...(subscription === undefined ? {} : { subscription }),
      ...(replayId === undefined ? {} : { replayId }),
      event: parseEvent(row.body),
      reason: parseFailure(row.reason),
      attempts: integer(row.attempts),
      failures: parseFailures(row.failures),
      acceptedAt: formatTime(integer(row.accepted)),
      deadAt: formatTime(integer(row.dead)),
    };
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
