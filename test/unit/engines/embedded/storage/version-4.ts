import { DatabaseSync } from "node:sqlite";
import { writeVersion3 } from "./version-3.ts";

/** What version 4 changed; not to be changed any more. */
const changes = `
ALTER TABLE meta ADD COLUMN stats TEXT;
ALTER TABLE meta ADD COLUMN outcomes TEXT NOT NULL DEFAULT '';
CREATE TABLE documents (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE feeds (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 4;
`;

/** As {@link writeVersion3}, by a process of version 4. */
export function writeVersion4(file: string): void {
  writeVersion3(file);
  const db = new DatabaseSync(file);
  db.exec(changes);
  db.close();
}
