import { busClosed } from "../../../engine/errors.ts";
import { isConflict, storeError } from "./postgres-error.ts";
import type { Row } from "./rows.ts";

/** How values of the types that this engine uses are read; the same whatever the program has set for its own queries. */
export interface TypeParsers {
  /** What reads the text of a value of a type. */
  getTypeParser(oid: number): (value: string) => unknown;
}

/** A statement as `pg` takes it. */
export interface PostgresStatement {
  /** The SQL, with `$1`-like parameters. */
  text: string;
  /** The values of the parameters. */
  values?: unknown[];
  /** What reads the values of the result. */
  types?: TypeParsers;
}

/** What a bus needs of a `pg.Pool`. */
export interface PostgresPool {
  /** Takes a client for several statements. */
  connect(): Promise<PostgresClient>;
  /** Runs one statement on any client. */
  query(statement: PostgresStatement): Promise<{ rows: Row[] }>;
  /** Ends all clients; the engine calls it only on a pool that it opened itself. */
  end(): Promise<void>;
}

/** What a bus needs of a client of a `pg.Pool`. */
export interface PostgresClient {
  /** Runs one statement. */
  query(statement: PostgresStatement): Promise<{ rows: Row[] }>;
  /** Has a listener called when the connection fails. */
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Takes the listener away. */
  removeListener(event: "error", listener: (error: Error) => void): unknown;
  /** Gives the client back to the pool; with an error, the pool ends it. */
  release(error?: Error | boolean): void;
}

/** Statements of one transaction. */
export interface Transaction {
  query(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

const numbers = new Set([20, 21, 23, 26]);
const types: TypeParsers = {
  getTypeParser: (oid) => {
    if (numbers.has(oid)) return Number;
    if (oid === 16) return (value) => value === "t";
    if (oid === 114) return (value): unknown => JSON.parse(value);
    return (value) => value;
  },
};

/** Times that a statement is run when another transaction stood in its way. */
const tries = 5;

/**
 * The bus's way to the server. Statements have no name and leave no state in their session, so that a pooler may give each
 * transaction another one. Methods reject with BusError only: `unavailable` where the server fails, `closed` after `close`.
 */
export class Database implements Transaction {
  /** The same for all ways of this process to one server. */
  readonly server: unknown;
  readonly #pool: PostgresPool;
  #closed = false;

  constructor(pool: PostgresPool, server: unknown) {
    this.#pool = pool;
    this.server = server;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** From now on callers are refused. */
  close(): void {
    this.#closed = true;
  }

  /** For callers of the bus: refused once it is closed. */
  async call(text: string, values?: readonly unknown[]): Promise<Row[]> {
    if (this.#closed) throw busClosed();
    return this.query(text, values);
  }

  /** One statement, which is a transaction. */
  async query(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#again(async () => (await this.#pool.query(statement(text, values))).rows);
  }

  /** Several statements in one transaction. `act` may be run again. */
  async transaction<Result>(act: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return this.#again(async () => {
      const client = await this.#pool.connect();
      const query = async (text: string, values: readonly unknown[] = []) =>
        (await client.query(statement(text, values))).rows;
      let broken: Error | undefined;
      // Whoever waits for a statement is told; but without a listener the event would end the process.
      const onError = (error: Error) => {
        broken = error;
      };
      client.on("error", onError);
      try {
        await query("BEGIN");
        const result = await act({ query });
        await query("COMMIT");
        return result;
      } catch (thrown) {
        await query("ROLLBACK").catch((failed: unknown) => {
          broken ??= failed instanceof Error ? failed : new Error(String(failed));
        });
        throw thrown;
      } finally {
        client.removeListener("error", onError);
        client.release(broken);
      }
    });
  }

  async #again<Result>(run: () => Promise<Result>): Promise<Result> {
    for (let left = tries; ; left -= 1) {
      try {
        return await run();
      } catch (thrown) {
        if (!isConflict(thrown) || left === 1) throw storeError(thrown);
      }
    }
  }
}

/** Without values it goes as a simple query, which may hold several statements. */
function statement(text: string, values: readonly unknown[]): PostgresStatement {
  return values.length === 0 ? { text, types } : { text, values: [...values], types };
}
