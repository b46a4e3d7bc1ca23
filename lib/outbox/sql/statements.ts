import { BusError } from "../../error/bus-error.ts";
import { mustBe } from "../../error/must-be.ts";

/** What differs between databases. Each `?` of a statement is one parameter, in their order. */
export interface Dialect {
  /** The time in milliseconds since 1970. */
  readonly now: string;
  /** The column that counts up. */
  readonly serial: string;
  /** A query that gives the texts of a JSON list as `value`. */
  readonly texts: string;
  /** A query that gives the objects of a JSON list as rows with the columns seq, state, delay, code and message. */
  readonly outcomes: string;
  /** Ends `CREATE TABLE` of a table whose rows come and go. */
  readonly busyTable: string;
}

/** The default name of the table. */
export const defaultTable = "waggle_outbox";

const pattern = /^([a-z_][a-z0-9_]{0,39}\.)?[a-z_][a-z0-9_]{0,39}$/;

/** The statements of an outbox in one table. `invalid_config` for a name that would need quotes wherever somebody types it. */
export function statementsOf(table: string, dialect: Dialect) {
  if (typeof table !== "string" || !pattern.test(table)) {
    throw new BusError(
      "invalid_config",
      `table ${mustBe('1 to 40 of a-z, 0-9 and _, with a schema before it if need be, such as "app.waggle_outbox"', table)}`,
    );
  }
  const quoted = (suffix: string) =>
    `${table}${suffix}`
      .split(".")
      .map((part) => `"${part}"`)
      .join(".");
  const index = `"${table.split(".").at(-1)}_turn"`;
  const [t, relay] = [quoted(""), quoted("_relay")];
  const { busyTable, now, outcomes, serial, texts } = dialect;
  return {
    create: [
      `CREATE TABLE IF NOT EXISTS ${t} (
  seq ${serial},
  id text NOT NULL,
  key text NOT NULL,
  history smallint NOT NULL,
  event text NOT NULL,
  added bigint NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'failed')),
  attempts int NOT NULL DEFAULT 0,
  due bigint,
  code text,
  message text,
  failed_at bigint
)${busyTable}`,
      `CREATE INDEX IF NOT EXISTS ${index} ON ${t} (seq) WHERE state = 'waiting'`,
      `CREATE INDEX IF NOT EXISTS ${index.replace("_turn", "_held")} ON ${t} (key, seq) WHERE due IS NOT NULL`,
      `CREATE TABLE IF NOT EXISTS ${relay} (one int PRIMARY KEY CHECK (one = 1), owner text NOT NULL, until bigint NOT NULL)`,
    ],
    // As texts: libraries differ in how they send a number.
    add: `INSERT INTO ${t} (id, key, history, event, added)
      VALUES (CAST(? AS text), CAST(? AS text), CAST(CAST(? AS text) AS smallint), CAST(? AS text), ${now})`,
    lease: `INSERT INTO ${relay} AS r (one, owner, until) VALUES (1, CAST(? AS text), ${now} + CAST(? AS bigint))
      ON CONFLICT (one) DO UPDATE SET owner = excluded.owner, until = excluded.until
      WHERE r.owner = excluded.owner OR r.until < ${now} RETURNING one`,
    release: `UPDATE ${relay} SET until = 0 WHERE owner = CAST(? AS text)`,
    read: `SELECT o.seq, o.id, o.key, o.history, o.event, o.attempts FROM ${t} AS o
      WHERE o.state = 'waiting' AND (o.due IS NULL OR o.due <= ${now}) AND NOT EXISTS (
        SELECT 1 FROM ${t} AS b WHERE b.key = o.key AND b.seq < o.seq AND b.due > ${now} AND b.state = 'waiting'
      ) ORDER BY o.seq LIMIT CAST(? AS int)`,
    published: `DELETE FROM ${t} WHERE seq IN (SELECT CAST(value AS bigint) FROM (${texts}) AS seqs)`,
    unpublished: `UPDATE ${t} AS o SET state = x.state, attempts = attempts + 1, code = x.code, message = x.message,
      failed_at = ${now}, due = CASE WHEN x.state = 'waiting' THEN ${now} + x.delay END
      FROM (${outcomes}) AS x WHERE o.seq = x.seq AND o.state = 'waiting'`,
    list: `SELECT seq, id, key, history, event, attempts, state, added, due, code, message, failed_at FROM ${t}
      WHERE seq > CAST(? AS bigint) AND state IN (${texts}) ORDER BY seq LIMIT CAST(? AS int)`,
    retryAll: `UPDATE ${t} SET state = 'waiting', due = NULL WHERE state = 'failed' OR due IS NOT NULL RETURNING id`,
    retry: `UPDATE ${t} SET state = 'waiting', due = NULL WHERE (state = 'failed' OR due IS NOT NULL) AND id IN (${texts}) RETURNING id`,
    discard: `DELETE FROM ${t} WHERE state = 'failed' AND id IN (${texts}) RETURNING id`,
    counts: `SELECT state, count(*) AS count, min(added) AS oldest FROM ${t} GROUP BY state`,
  };
}

/** The statements of one table. */
export type Statements = ReturnType<typeof statementsOf>;
