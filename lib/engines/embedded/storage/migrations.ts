import type { DatabaseSync } from "node:sqlite";

/** The first schema version that a released or tested Waggle wrote. */
export const oldestVersion = 1;

/**
 * What takes a file from one schema version to the next: the first from version 1 to 2. Each stays as it is for good, since
 * there are files of every version; the tables of a new file are in schema.ts.
 */
const migrations: readonly string[] = [
  // New names alone: no row is rewritten, so that it takes no time on a long history. A process of version 1 that has the
  // file open fails from then on with "no such table" or "no such column", and rolls back what it had begun.
  `ALTER TABLE owners RENAME TO processes;
   ALTER TABLE doomed RENAME TO pending_deletions;
   ALTER TABLE subscriptions RENAME COLUMN owner TO process_id;
   ALTER TABLE deliveries RENAME COLUMN owner TO process_id;
   ALTER TABLE depths RENAME COLUMN sharers TO participants;
   ALTER TABLE dead_letters RENAME COLUMN died TO dead;`,
  // No row is rewritten either. A process of version 2 that has the file open goes on: what it accepts has no \`own\`, and what
  // it ends is not recorded.
  `ALTER TABLE events ADD COLUMN own INTEGER;
   CREATE TABLE outcomes (
     id INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     data TEXT NOT NULL
   );`,
  // Nor here. A process of version 3 that has the file open goes on: it writes its outcomes and counts as rows, does not see those
  // that are no rows yet, and knows no documents and no feeds.
  `ALTER TABLE meta ADD COLUMN stats TEXT;
   ALTER TABLE meta ADD COLUMN outcomes TEXT NOT NULL DEFAULT '';
   CREATE TABLE documents (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE feeds (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;`,
  // The index is of rows that hold a hundred outcomes each. A process of version 4 that has the file open goes on, and delivers what
  // is paused.
  `ALTER TABLE subscriptions ADD COLUMN paused INTEGER;
   CREATE INDEX outcomes_at ON outcomes (at);`,
];

/** Raised with each migration. A file of a higher version is refused. */
export const schemaVersion = oldestVersion + migrations.length;

/** Brings a file of a known version up to date, inside the caller's transaction. */
export function migrate(db: DatabaseSync, version: number): void {
  for (const migration of migrations.slice(version - oldestVersion)) db.exec(migration);
  db.exec(`PRAGMA user_version = ${schemaVersion}`);
}
