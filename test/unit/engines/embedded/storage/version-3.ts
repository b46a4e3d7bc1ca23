import { DatabaseSync } from "node:sqlite";
import { writeVersion2 } from "./version-2.ts";

/** What version 3 changed; not to be changed any more. */
const changes = `
ALTER TABLE events ADD COLUMN own INTEGER;
CREATE TABLE outcomes (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  data TEXT NOT NULL
);
PRAGMA user_version = 3;
`;

/** As {@link writeVersion2}, by a process of version 3. */
export function writeVersion3(file: string): void {
  writeVersion2(file);
  const db = new DatabaseSync(file);
  db.exec(changes);
  db.close();
}
