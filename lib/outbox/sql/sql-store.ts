import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import { mustBe } from "../../error/must-be.ts";
import type {
  OutboxCounts,
  OutboxRecord,
  OutboxStore,
  RecordSelection,
  RelayOutcome,
  StoredRecord,
  WaitingRecord,
} from "../store.ts";
import type { Statements } from "./statements.ts";

/** A parameter of a statement. */
export type SqlValue = string | number;

/** Runs statements outside of the caller's transactions. */
export interface SqlRunner {
  /** One that gives rows, as objects. */
  rows(sql: string, values: readonly SqlValue[]): Promise<unknown>;
  /** One that gives none. */
  run(sql: string, values: readonly SqlValue[]): Promise<void>;
  /** Runs several that have no parameters, as one. */
  script(statements: readonly string[]): Promise<void>;
}

// Libraries give large integers as numbers, texts or bigints.
const integer = z.coerce.number().int();
const optionalInteger = integer.nullable().transform((value) => value ?? undefined);
const optionalText = z
  .string()
  .nullable()
  .transform((value) => value ?? undefined);

const waiting = {
  seq: integer.transform(String),
  id: z.string(),
  key: z.string(),
  history: integer.transform((value) => value === 1),
  event: z.string(),
  attempts: integer,
};
const waitingRows = z.array(z.object(waiting));
const storedRows = z.array(
  z.object({
    ...waiting,
    state: z.enum(["waiting", "failed"]),
    added: integer,
    due: optionalInteger,
    code: optionalText,
    message: optionalText,
    failed_at: optionalInteger,
  }),
);
const idRows = z.array(z.object({ id: z.string() }));
const countRows = z.array(z.object({ state: z.enum(["waiting", "failed"]), count: integer, oldest: integer }));

/** An outbox in a table; how a record is added is the database's own matter. */
export abstract class SqlStore<Tx, Result extends void | Promise<void>> implements OutboxStore<Tx, Result> {
  readonly name: string;
  protected readonly statements: Statements;
  readonly #runner: SqlRunner;

  constructor(name: string, statements: Statements, runner: SqlRunner) {
    this.name = name;
    this.statements = statements;
    this.#runner = runner;
  }

  abstract add(tx: Tx, record: OutboxRecord): Result;

  create(): Promise<void> {
    return this.#runner.script(this.statements.create);
  }

  async lease(owner: string, ms: number): Promise<boolean> {
    const rows = z.array(z.unknown()).parse(await this.#runner.rows(this.statements.lease, [owner, ms]));
    return rows.length > 0;
  }

  async release(owner: string): Promise<void> {
    await this.#runner.run(this.statements.release, [owner]);
  }

  async read(limit: number): Promise<WaitingRecord[]> {
    return waitingRows.parse(await this.#runner.rows(this.statements.read, [limit]));
  }

  async settle(outcomes: readonly RelayOutcome[]): Promise<void> {
    const published = outcomes.filter(({ state }) => state === "published").map(({ seq }) => seq);
    const others = outcomes.filter(({ state }) => state !== "published");
    // Two statements that need not be one: a record that is tried again is published again, under the same id.
    if (published.length > 0) await this.#runner.run(this.statements.published, [JSON.stringify(published)]);
    if (others.length > 0) await this.#runner.run(this.statements.unpublished, [JSON.stringify(others)]);
  }

  async list({ state, after, limit }: RecordSelection): Promise<StoredRecord[]> {
    const states = JSON.stringify(state === undefined ? ["waiting", "failed"] : [state]);
    const from = Number(after ?? 0);
    if (!Number.isSafeInteger(from)) {
      throw new BusError("invalid_config", `outbox.list: cursor ${mustBe("that of a page before", after)}`);
    }
    const rows = storedRows.parse(await this.#runner.rows(this.statements.list, [from, states, limit]));
    return rows.map(({ code, due, failed_at: at, message, ...record }) => ({
      ...record,
      ...(due === undefined ? {} : { due }),
      ...(code === undefined || message === undefined || at === undefined ? {} : { error: { code, message, at } }),
    }));
  }

  retry(ids: readonly string[] | undefined): Promise<string[]> {
    return ids === undefined ? this.#ids(this.statements.retryAll, []) : this.#ids(this.statements.retry, ids);
  }

  discard(ids: readonly string[]): Promise<string[]> {
    return this.#ids(this.statements.discard, ids);
  }

  async counts(): Promise<OutboxCounts> {
    const rows = countRows.parse(await this.#runner.rows(this.statements.counts, []));
    const of = (wanted: string) => rows.find(({ state }) => state === wanted);
    const oldest = of("waiting")?.oldest;
    return {
      waiting: of("waiting")?.count ?? 0,
      failed: of("failed")?.count ?? 0,
      ...(oldest === undefined ? {} : { oldest }),
    };
  }

  async #ids(sql: string, ids: readonly string[]): Promise<string[]> {
    const rows = await this.#runner.rows(sql, sql.includes("?") ? [JSON.stringify(ids)] : []);
    return idRows.parse(rows).map(({ id }) => id);
  }
}

/** The parameters of `add`. */
export function addValues({ event, history, id, key }: OutboxRecord): [string, string, string, string] {
  return [id, key, history ? "1" : "0", event];
}
