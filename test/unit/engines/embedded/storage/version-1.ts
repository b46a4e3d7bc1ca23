import { DatabaseSync } from "node:sqlite";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { failed } from "../bench.ts";

/** The tables as version 1 created them; not to be changed any more. */
const tables = `
CREATE TABLE meta (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  changes INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  deletions INTEGER NOT NULL,
  last_seq INTEGER NOT NULL
);
INSERT INTO meta VALUES (1, 0, 0, 0, 0);
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  flow TEXT,
  accepted INTEGER NOT NULL,
  history INTEGER NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX events_flow ON events (flow, seq) WHERE flow IS NOT NULL;
CREATE TABLE postings (
  field INTEGER NOT NULL,
  value TEXT NOT NULL,
  block INTEGER NOT NULL,
  PRIMARY KEY (field, value, block)
) WITHOUT ROWID;
CREATE TABLE blocks (
  block INTEGER PRIMARY KEY,
  min_accepted INTEGER NOT NULL,
  max_accepted INTEGER NOT NULL,
  min_time INTEGER NOT NULL,
  max_time INTEGER NOT NULL
);
CREATE TABLE stats (
  minute INTEGER NOT NULL,
  type TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (minute, type)
) WITHOUT ROWID;
CREATE TABLE owners (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  lock TEXT NOT NULL UNIQUE
);
CREATE TABLE subscriptions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  record TEXT NOT NULL,
  owner INTEGER,
  backfill INTEGER,
  live_from INTEGER NOT NULL,
  epoch INTEGER NOT NULL
);
CREATE INDEX subscriptions_epoch ON subscriptions (epoch);
CREATE TABLE doomed (sub INTEGER PRIMARY KEY);
CREATE TABLE deliveries (
  sub INTEGER NOT NULL,
  state INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  replay INTEGER NOT NULL,
  owner INTEGER,
  attempts INTEGER NOT NULL,
  due INTEGER,
  delay INTEGER,
  ordering TEXT,
  queued INTEGER,
  redriven INTEGER,
  failures TEXT,
  PRIMARY KEY (sub, state, priority, seq, replay)
) WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (due) WHERE due IS NOT NULL;
CREATE INDEX deliveries_ordering ON deliveries (sub, ordering, state, seq, replay) WHERE ordering IS NOT NULL;
CREATE TABLE depths (
  sub INTEGER PRIMARY KEY,
  ready INTEGER NOT NULL,
  claimed INTEGER NOT NULL,
  delayed INTEGER NOT NULL,
  blocked INTEGER NOT NULL,
  sharers TEXT,
  changes INTEGER NOT NULL
);
CREATE TABLE transients (seq INTEGER PRIMARY KEY, remaining INTEGER NOT NULL);
CREATE TABLE replays (id INTEGER PRIMARY KEY, replay TEXT NOT NULL UNIQUE);
CREATE TABLE seen (
  id TEXT NOT NULL,
  sub INTEGER NOT NULL,
  until INTEGER NOT NULL,
  digest TEXT,
  PRIMARY KEY (id, sub)
) WITHOUT ROWID;
CREATE INDEX seen_until ON seen (until);
CREATE TABLE dead_letters (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  subscription TEXT,
  replay INTEGER NOT NULL,
  type TEXT NOT NULL,
  event_id TEXT NOT NULL,
  correlation_id TEXT NOT NULL,
  code TEXT NOT NULL,
  accepted INTEGER NOT NULL,
  died INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  body TEXT NOT NULL,
  reason TEXT NOT NULL,
  failures TEXT NOT NULL
);
CREATE INDEX dead_letters_subscription ON dead_letters (subscription, n);
CREATE INDEX dead_letters_correlation ON dead_letters (correlation_id, n);
PRAGMA application_id = ${0x57474c45};
PRAGMA user_version = 1;
`;

/** When everything in the file happened. */
const at = Date.parse("2025-12-31T23:00:00.000Z");

/**
 * A file as a process of version 1 left it that was killed:
 * - the events e1 to e5, and one delivery each of e2 (ready), e3 (delayed by an hour), e4 (claimed) and the replay r1 of e1
 *   (ready) to the subscription "one", whose slots it shared with another process;
 * - an ephemeral subscription of the process, and a deleted one with a delivery that is still to be deleted;
 * - two dead letters of "one": of e5, and of the replay r1 of e5.
 */
export function writeVersion1(file: string): void {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(tables);
  const run = (sql: string, ...values: (string | number | null)[]) => db.prepare(sql).run(...values);
  run("UPDATE meta SET changes = 40, epoch = 5, deletions = 1, last_seq = 5");
  const events = [1, 2, 3, 4, 5].map((n) => anEvent({ id: `e${n}`, type: "task.created", data: { n } }));
  for (const [index, event] of events.entries()) {
    run("INSERT INTO events VALUES (?, ?, NULL, ?, 1, ?)", index + 1, event.id, at, JSON.stringify(event));
  }
  run("INSERT INTO postings VALUES (1, 'task.created', 0), (2, 'test', 0)");
  run("INSERT INTO blocks VALUES (0, ?, ?, ?, ?)", at, at, at, Date.parse("2026-01-01T00:00:00.000Z"));
  run("INSERT INTO stats VALUES (?, 'task.created', 5)", at / 60_000);
  run("INSERT INTO owners VALUES (3, 'of-a-process-that-is-gone')");
  const subscribe = (id: number, name: string, owner: number | null) => {
    const record = JSON.stringify(aRecord({ name, on: ["task.*"] }));
    run("INSERT INTO subscriptions VALUES (?, ?, ?, ?, NULL, 0, 4)", id, name, record, owner);
  };
  subscribe(1, "one", null);
  subscribe(2, "ephemeral", 3);
  run("INSERT INTO doomed VALUES (9)");
  run("INSERT INTO replays VALUES (1, 'r1')");
  const deliver = (sub: number, state: number, seq: number, more: { replay?: number; owner?: number } = {}) =>
    run(
      "INSERT INTO deliveries (sub, state, priority, seq, replay, owner, attempts) VALUES (?, ?, 5, ?, ?, ?, ?)",
      sub,
      state,
      seq,
      more.replay ?? 0,
      more.owner ?? null,
      more.owner === undefined ? 0 : 1,
    );
  deliver(1, 0, 1, { replay: 1 });
  deliver(1, 0, 2);
  deliver(1, 1, 4, { owner: 3 });
  deliver(9, 0, 1);
  run(
    `INSERT INTO deliveries (sub, state, priority, seq, replay, attempts, due, delay, failures)
     VALUES (1, 2, 5, 3, 0, 1, ?, 3600000, ?)`,
    at + 7_200_000,
    JSON.stringify([failed(1)]),
  );
  run("INSERT INTO depths VALUES (1, 2, 1, 1, 0, '3:5 8:5', 39), (2, 0, 0, 0, 0, NULL, 0)");
  for (const [id, replay] of [
    ["d1", 0],
    ["d2", 1],
  ] as const) {
    const event = anEvent({ id: "e5", data: { n: 5 }, metadata: replay === 0 ? {} : { replay: { id: "r1" } } });
    run(
      `INSERT INTO dead_letters
         (id, subscription, replay, type, event_id, correlation_id, code, accepted, died, attempts, body, reason, failures)
       VALUES (?, 'one', ?, 'task.created', 'e5', 'e5', 'handler_error', ?, ?, 1, ?, ?, ?)`,
      id,
      replay,
      at,
      at,
      JSON.stringify(event),
      JSON.stringify(failed(1)),
      JSON.stringify([failed(1)]),
    );
  }
  db.close();
}
