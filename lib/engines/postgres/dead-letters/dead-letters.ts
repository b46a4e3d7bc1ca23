import { deadLetterFilter } from "../../../dead-letters/dead-letter-filter.ts";
import type { DeadLetterStore } from "../../../engine/dead-letter-store.ts";
import type { DeadLetter } from "../../../engine/delivery.ts";
import { decodeCursor, encodeCursor } from "../../../engine/page.ts";
import {
  type DeadLetterPage,
  type DeadLetterQuery,
  defaultPageSize,
  type PageOptions,
} from "../../../engine/queries.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import { formatTime } from "../../../event/time.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import { indexed } from "../publishing/event-columns.ts";
import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { integer, optionalText, parseEvent, parseFailure, parseFailures, type Row, text } from "../storage/rows.ts";

export interface PostgresDeadLettersDependencies {
  readonly database: Database;
  readonly names: Names;
  onError(error: BusError): void;
}

const columns = "n, id, subscription, replay, body, reason, attempts, failures, accepted, dead";

/** The dead letters of the bus. Each has its own copy of the event, which history may forget. */
export class PostgresDeadLetters implements DeadLetterStore {
  readonly #dependencies: PostgresDeadLettersDependencies;
  readonly #table: string;

  constructor(dependencies: PostgresDeadLettersDependencies) {
    this.#dependencies = dependencies;
    this.#table = `${dependencies.names.s}.dead_letters`;
  }

  async put({ id, event, reason, ...letter }: DeadLetter): Promise<void> {
    await this.#dependencies.database.call(
      `INSERT INTO ${this.#table}
         (id, subscription, replay, type, event_id, flow, code, accepted, dead, attempts, body, reason, failures)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO NOTHING`,
      [
        id,
        letter.subscription ?? null,
        letter.replayId ?? null,
        event.type,
        event.id,
        indexed(event.metadata.correlationId),
        reason.code,
        Date.parse(letter.acceptedAt),
        Date.parse(letter.deadAt),
        letter.attempts,
        JSON.stringify(event),
        JSON.stringify(reason),
        JSON.stringify(letter.failures),
      ],
    );
  }

  /** SQL selects as far as it can tell; the filter decides. */
  async list(query: DeadLetterQuery, page: PageOptions): Promise<DeadLetterPage> {
    const limit = page.limit ?? defaultPageSize;
    const matches = deadLetterFilter(query);
    const { where, values } = conditions(query);
    const deadLetters: DeadLetter[] = [];
    let before = decodeCursor(page.cursor, "newest") ?? Number.MAX_SAFE_INTEGER;
    let last = before;
    for (;;) {
      const rows = await this.#dependencies.database.call(
        `SELECT ${columns} FROM ${this.#table} WHERE n < $1${where} ORDER BY n DESC LIMIT ${limit + 1}`,
        [before, ...values],
      );
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

  async get(id: string): Promise<DeadLetter | undefined> {
    const [row] = await this.#dependencies.database.call(`SELECT ${columns} FROM ${this.#table} WHERE id = $1`, [id]);
    return row === undefined ? undefined : parse(row);
  }

  async delete(id: string): Promise<boolean> {
    const rows = await this.#dependencies.database.call(`DELETE FROM ${this.#table} WHERE id = $1 RETURNING n`, [id]);
    return rows.length > 0;
  }

  /** Undefined where it cannot be read: one broken row must not hide the others. */
  #readable(row: Row): DeadLetter | undefined {
    try {
      return parse(row);
    } catch (thrown) {
      this.#dependencies.onError(toBusError(thrown));
      return undefined;
    }
  }
}

function parse(row: Row): DeadLetter {
  const subscription = optionalText(row.subscription);
  const replayId = optionalText(row.replay);
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

function conditions(query: DeadLetterQuery): { where: string; values: unknown[] } {
  const { correlationId, type } = query;
  const wanted: [condition: string, value: unknown][] = [
    ["subscription =", query.subscription],
    ["event_id =", query.eventId],
    ["flow =", correlationId === undefined ? undefined : indexed(correlationId)],
    ["code =", query.code],
    ["type =", type?.includes("*") === true ? undefined : type],
    ["dead >=", queryTime(query.since, "since")],
    ["dead <", queryTime(query.until, "until")],
  ];
  const given = wanted.filter(([, value]) => value !== undefined);
  return {
    where: given.map(([condition], index) => ` AND ${condition} $${index + 2}`).join(""),
    values: given.map(([, value]) => value),
  };
}
