import type { DatabaseSync } from "node:sqlite";
import { BusError } from "../../../error/bus-error.ts";
import { oldestVersion, schemaVersion } from "./migrations.ts";
import { integer } from "./rows.ts";

/** "WGLE": marks a file as a bus, so that the engine does not mistake another program's database for one. */
const applicationId = 0x57474c45;

/*
 * meta: one row. `changes` counts transactions, so that a process knows whether what it remembers still holds. `stats` and
 *   `outcomes`: what is still to become rows of these tables; here since this row is written with each transaction anyway.
 * subscriptions: `paused` is 1 where it is paused for all processes.
 * subscriptions, depths: `epoch` and `changes` say in which state of `meta` a row was written, so that only news is read.
 * events: what was accepted. `flow` is NULL where it equals the id; `history` is 0 for what is kept only until delivered;
 *   `own` is 1 where the publisher gave the id and 0 where Waggle did, whose ids never come again; NULL where that is not known.
 * postings, blocks: which blocks of 256 events hold a value, and between which times a block lies, with some room; a hundred times smaller
 *   than an index by event, and written once a block instead of once an event.
 * processes: who has the file open, each with the name of its lock.
 * deliveries: the key is the order in which a subscription's rows are claimed. `due`, `delay`: of a delayed row, when it is
 *   due and how many milliseconds that was ahead; a blocked row has no `due`, and in `delay` the time before which it must
 *   not be handed over, if there is one.
 *   `queued`: when a replay or a redrive was queued; NULL where it is when the event was accepted.
 * outcomes: how deliveries of recorded events ended; a row is what some transactions ended of a block, its key begins with the
 *   block.
 * transients: events outside of history, with how many deliveries still need them.
 * depths: how many deliveries of a subscription are in each state, kept with each change, since counting a long queue is
 *   slow. `participants`: the processes that share its slots, each with how many it can hold, as "1:10 2:10".
 * pending_deletions: deleted subscriptions whose deliveries are still to be deleted.
 * documents: settings of what serves the bus, such as its webhooks, as JSON.
 * feeds: how far parts of other logs have been taken over.
 * seen: ids that are not in `events` any more but still count as seen; subscription 0 stands for the publish itself.
 */
const tables = `
CREATE TABLE meta (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  changes INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  deletions INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  stats TEXT,
  outcomes TEXT NOT NULL DEFAULT ''
);
INSERT INTO meta VALUES (1, 0, 0, 0, 0, NULL, '');
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  flow TEXT,
  accepted INTEGER NOT NULL,
  history INTEGER NOT NULL,
  body TEXT NOT NULL,
  own INTEGER
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
CREATE TABLE processes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  lock TEXT NOT NULL UNIQUE
);
CREATE TABLE subscriptions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  record TEXT NOT NULL,
  process_id INTEGER,
  backfill INTEGER,
  live_from INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  paused INTEGER
);
CREATE INDEX subscriptions_epoch ON subscriptions (epoch);
CREATE TABLE pending_deletions (sub INTEGER PRIMARY KEY);
CREATE TABLE deliveries (
  sub INTEGER NOT NULL,
  state INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  replay INTEGER NOT NULL,
  process_id INTEGER,
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
  participants TEXT,
  changes INTEGER NOT NULL
);
CREATE TABLE outcomes (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  data TEXT NOT NULL
);
CREATE INDEX outcomes_at ON outcomes (at);
CREATE TABLE feeds (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE transients (seq INTEGER PRIMARY KEY, remaining INTEGER NOT NULL);
CREATE TABLE documents (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
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
  dead INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  body TEXT NOT NULL,
  reason TEXT NOT NULL,
  failures TEXT NOT NULL
);
CREATE INDEX dead_letters_subscription ON dead_letters (subscription, n);
CREATE INDEX dead_letters_correlation ON dead_letters (correlation_id, n);
`;

function pragma(db: DatabaseSync, name: "application_id" | "user_version"): number {
  return integer(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

/**
 * The schema version of a bus's file; undefined where the file is empty. `invalid_config` for a file of another program, or
 * of a version that this program does not know; nothing is written before that.
 */
export function readVersion(db: DatabaseSync, file: string): number | undefined {
  const application = pragma(db, "application_id");
  const found = pragma(db, "user_version");
  if (application === applicationId) {
    if (found > schemaVersion) throw unknownVersion(file, found, "a newer", "upgrade wagglebus");
    if (found < oldestVersion) throw unknownVersion(file, found, "an older", "open it with the version that wrote it");
    return found;
  }
  const objects = integer(db.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.count);
  if (application === 0 && found === 0 && objects === 0) return undefined;
  throw new BusError(
    "invalid_config",
    `${file} is a SQLite file of another program (application id ${application}); give another \`file\``,
    { details: { file } },
  );
}

function unknownVersion(file: string, found: number, age: string, fix: string): BusError {
  return new BusError(
    "invalid_config",
    `${file} was written by ${age} Waggle: its schema version is ${found}, this one knows ${oldestVersion} to ${schemaVersion}; ${fix}, or give another \`file\``,
    { details: { file, found, supported: schemaVersion } },
  );
}

/** Makes the tables, inside the caller's transaction. */
export function createSchema(db: DatabaseSync): void {
  db.exec(tables);
  db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion};`);
}
